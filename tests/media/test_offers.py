"""Offers as displays send them, each answered by the real thing."""

import pytest
from aiortc.sdp import SessionDescription

from media.plane.offers import NoOffer, normalise

# The shape of an Echo's offer: no fmtp for H.264, candidates of a far host alone, also of TCP and component 2.
HEAD = [
    "v=0",
    "o=- 1234567890 2 IN IP4 127.0.0.1",
    "s=a 2 z",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=group:BUNDLE audio0 video0",
]
CANDIDATES = [
    "a=candidate:1 1 UDP 2013266431 192.0.2.7 40000 typ host",
    "a=candidate:1 2 UDP 2013266430 192.0.2.7 40001 typ host",
    "a=candidate:2 1 TCP 1015021823 192.0.2.7 9 typ host tcptype active",
    "a=candidate:3 1 TCP 1010827519 192.0.2.7 40002 typ host tcptype passive",
]
FINGERPRINT = ":".join(f"{number:02X}" for number in range(32))


def both(mid: str, ssrc: int) -> list[str]:
    return [
        "a=setup:actpass",
        f"a=mid:{mid}",
        "a=sendrecv",
        "a=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=rtcp-mux",
        f"a=ssrc:{ssrc} cname:user1",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
    ]


AUDIO = ["m=audio 1 UDP/TLS/RTP/SAVPF 96 0 8", *both("audio0", 1), "a=rtpmap:96 opus/48000/2"]
STATIC = ["a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000"]
VIDEO = [
    "m=video 1 UDP/TLS/RTP/SAVPF 99",
    "b=AS:2500",
    *both("video0", 2),
    "a=rtpmap:99 H264/90000",
    "a=rtcp-fb:99 nack",
    "a=rtcp-fb:99 nack pli",
    "a=rtcp-fb:99 ccm fir",
]


def offer(*, audio=(*AUDIO, *STATIC), video=VIDEO, head=HEAD, end="\r\n") -> str:
    return end.join([*head, *audio, *CANDIDATES, *video, *CANDIDATES[::-1]]) + end


def fmtp(text: str) -> list[str]:
    return [*VIDEO, f"a=fmtp:99 {text}"]


OFFERS = {
    "as an Echo sends it": offer(),
    "static payloads without rtpmap": offer(audio=AUDIO),
    "an older profile": offer().replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
    "bare line feeds": offer(end="\n"),
    "no newline at the end": offer().rstrip(),
    "another payload number": offer().replace("SAVPF 99", "SAVPF 107").replace(":99", ":107"),
    "High profile only": offer(video=fmtp("packetization-mode=1;profile-level-id=640028")),
    "mode 0 only": offer(video=fmtp("profile-level-id=42e01f;packetization-mode=0")),
    "an fmtp without a mode": offer(video=fmtp("profile-level-id=42e01f")),
    "lower case": offer().replace("H264", "h264"),
    "video first": "\r\n".join([*HEAD[:-1], "a=group:BUNDLE video0 audio0", *VIDEO, *AUDIO, *CANDIDATES, ""]),
    "video alone": "\r\n".join([*HEAD[:-1], "a=group:BUNDLE video0", *VIDEO, *CANDIDATES, ""]),
    "a second codec before": offer(
        video=[VIDEO[0].replace("99", "98 99"), *VIDEO[1:], "a=rtpmap:98 VP8/90000"],
    ),
    "receiving only": offer().replace("a=sendrecv", "a=recvonly"),
    "names of the local network": offer().replace("192.0.2.7 40000", "0123-45.local 40000"),
}


@pytest.mark.parametrize("name", OFFERS)
def test_an_offer_is_answered_with_passed_through_video(world, name):
    sdp = OFFERS[name]
    posted = world.ask(
        f"/s/{world.grant(protocol='webrtc')}/whep", "POST", sdp.encode(), Content_Type="application/sdp"
    )
    assert posted.status == 201, posted.text
    offered, answered = SessionDescription.parse(normalise(sdp)), SessionDescription.parse(posted.text)

    assert [each.kind for each in answered.media] == [each.kind for each in offered.media]
    assert [each.rtp.muxId for each in answered.media] == [each.rtp.muxId for each in offered.media]
    for media in answered.media:
        assert media.direction == "sendonly"
        assert media.dtls.role == "client", "a=setup:active"
        assert media.ice_candidates, "every candidate is in the answer, none trickles"
        assert {each.ip for each in media.ice_candidates} == {"127.0.0.1"}
    video = next(each for each in answered.media if each.kind == "video")
    assert {codec.mimeType.lower() for codec in video.rtp.codecs} <= {"video/h264", "video/rtx"}
    assert video.rtp.codecs[0].payloadType == next(
        codec.payloadType
        for each in offered.media
        for codec in each.rtp.codecs
        if each.kind == "video" and codec.mimeType.lower() == "video/h264"
    )
    assert video.rtp.codecs[0].parameters["packetization-mode"] == "1"
    audio = next((each for each in answered.media if each.kind == "audio"), None)
    if audio is not None:
        assert audio.rtp.codecs[0].mimeType.lower() == "audio/opus"


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "\r\n",
        "hello",
        "{}",
        "v=0",
        "v=1\r\n" + offer(),
        offer(video=[]),
        offer().replace("H264", "VP9"),
        offer().replace("a=rtpmap:99 H264/90000", ""),
        offer() + "a=x\r\n" * 20_000,
    ],
    ids=["empty", "blank", "words", "json", "bare", "version", "audio alone", "no H.264", "unnamed", "endless"],
)
def test_what_is_no_offer_is_told_so(sdp):
    with pytest.raises(NoOffer):
        normalise(sdp)


@pytest.mark.parametrize(
    "sdp",
    [
        offer().replace("a=fingerprint", "a=nothing"),
        offer().replace("a=ice-ufrag:abcd", "").replace("a=ice-pwd", "a=no"),
        offer().replace("a=mid:video0", "a=mid:audio0"),
        offer().replace("H264/90000", "H264/90000\r\na=fmtp:99 packetization-mode=1;profile-level-id=zzz"),
        offer().replace("a=candidate:1 1 UDP", "a=candidate:1 1"),
        offer().replace("m=video 1", "m=video x"),
    ],
)
def test_a_broken_offer_is_refused_or_answered_but_never_an_error_of_ours(world, sdp):
    grant = world.grant(protocol="webrtc")
    assert world.ask(f"/s/{grant}/whep", "POST", sdp.encode(), Content_Type="application/sdp").status in (201, 400)
    good = world.ask(f"/s/{grant}/whep", "POST", offer().encode(), Content_Type="application/sdp")
    assert good.status == 201, "the grant is not spent by an offer that came to nothing"


def test_a_good_offer_is_left_alone():
    known = offer(video=fmtp("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"))
    assert normalise(known) == known


def test_a_flood_of_candidates_is_cut():
    flood = offer() + "".join(f"a=candidate:{n} 1 UDP 1 192.0.2.7 {n + 1024} typ host\r\n" for n in range(500))
    assert normalise(flood).count("a=candidate") <= 128
