"""Offers as displays send them, each answered by the real thing."""

import pytest
from aiortc.sdp import SessionDescription

from showcam.engine.outputs.sdp import NoOffer, normalise, offered_sound
from tests.doubles.echo_offer import AUDIO, HEAD, OFFERS, STATIC, VIDEO, fmtp, offer
from tests.media.conftest import World


def answered(world: World, sdp: str) -> str:
    grant = world.grant(protocol="webrtc")
    posted = world.request(f"/s/{grant}/whep", "POST", sdp.encode(), Content_Type="application/sdp")
    assert posted.status == 201, posted.text
    return posted.text


@pytest.mark.parametrize("name", OFFERS)
def test_an_offer_is_answered_with_passed_through_video(world: World, name: str) -> None:
    sdp = OFFERS[name]
    posted = world.request(
        f"/s/{world.grant(protocol='webrtc')}/whep", "POST", sdp.encode(), Content_Type="application/sdp"
    )
    assert posted.status == 201, posted.text
    offered, answered = SessionDescription.parse(normalise(sdp)), SessionDescription.parse(posted.text)

    assert [section.kind for section in answered.media] == [section.kind for section in offered.media]
    assert [section.rtp.muxId for section in answered.media] == [section.rtp.muxId for section in offered.media]
    for media in answered.media:
        assert media.direction == "sendonly"
        assert media.dtls is not None
        assert media.dtls.role == "client", "a=setup:active"
        assert media.ice_candidates, "every candidate is in the answer, none trickles"
        assert {candidate.ip for candidate in media.ice_candidates} == {"127.0.0.1"}
    video = next(section for section in answered.media if section.kind == "video")
    assert {codec.mimeType.lower() for codec in video.rtp.codecs} <= {"video/h264", "video/rtx"}
    assert video.rtp.codecs[0].payloadType == next(
        codec.payloadType
        for section in offered.media
        for codec in section.rtp.codecs
        if section.kind == "video" and codec.mimeType.lower() == "video/h264"
    )
    assert video.rtp.codecs[0].parameters["packetization-mode"] == "1"
    audio = next((section for section in answered.media if section.kind == "audio"), None)
    if audio is not None:
        assert [codec.mimeType.lower() for codec in audio.rtp.codecs] == ["audio/opus"]


def test_an_answer_speaks_the_protocol_of_its_offer_and_is_a_session_of_its_own(world: World) -> None:
    origins = []
    for profile in ("UDP/TLS/RTP/SAVPF", "RTP/SAVPF", "UDP/TLS/RTP/SAVPF"):
        answer = answered(world, offer().replace("UDP/TLS/RTP/SAVPF", profile))
        assert [line.split()[2] for line in answer.splitlines() if line.startswith("m=")] == [profile] * 2
        origins += [line.split() for line in answer.splitlines() if line.startswith("o=")]
    assert len({number for _, number, *_ in origins}) == 3
    assert {version for _, _, version, *_ in origins} == {"1"}


REJECTED = ["m=audio 0 UDP/TLS/RTP/SAVPF 0", "a=mid:audio1"]


@pytest.mark.parametrize(
    ("sdp", "bundle", "rejected"),
    [
        (offer(), ["audio0", "video0"], []),
        (offer(head=HEAD[:-1]), [], []),
        (offer(head=[*HEAD[:-1], "a=group:BUNDLE video0 audio0"]), ["video0", "audio0"], []),
        (offer(audio=[*REJECTED, *AUDIO]), ["audio0", "video0"], ["audio1"]),
        (
            offer().replace("m=video 1", "m=video 0").replace("a=mid:video0", "a=mid:video0\r\na=bundle-only"),
            ["audio0", "video0"],
            [],
        ),
    ],
    ids=["as offered", "none", "another order", "without what was rejected", "with what is in a bundle only"],
)
def test_an_answer_bundles_what_was_offered_so(world: World, sdp: str, bundle: list[str], rejected: list[str]) -> None:
    answer = answered(world, sdp)
    groups = [line.split()[1:] for line in answer.splitlines() if line.startswith("a=group:BUNDLE")]
    assert groups == ([bundle] if bundle else [])
    parts = {part.split("a=mid:")[1].split()[0]: part for part in answer.split("m=")[1:]}
    assert list(parts) == [line[6:] for line in sdp.splitlines() if line.startswith("a=mid:")]
    assert [mid for mid, part in parts.items() if part.split()[1] == "0"] == rejected
    assert "a=sendonly" in parts["audio0"]
    assert "a=sendonly" in parts["video0"]


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
def test_what_is_no_offer_is_refused_as_such(sdp: str) -> None:
    with pytest.raises(NoOffer):
        normalise(sdp)


def test_a_grant_is_not_spent_by_an_offer_that_came_to_nothing(world: World) -> None:
    grant = world.grant(protocol="webrtc")
    for sdp, status in ((offer().replace("a=fingerprint", "a=nothing"), 400), (offer(), 201)):
        posted = world.request(f"/s/{grant}/whep", "POST", sdp.encode(), Content_Type="application/sdp")
        assert posted.status == status


@pytest.mark.parametrize(
    ("audio", "sent"),
    [
        ([AUDIO[0].replace("96 0 8", "0"), *AUDIO[1:-1], STATIC[0]], ["audio/PCMU"]),
        (AUDIO[:-1], ["audio/PCMU"]),
        ([AUDIO[0].replace("96 0 8", "9 8 0"), *AUDIO[1:-1]], ["audio/PCMA"]),
        ([AUDIO[0].replace("96 0 8", "9"), *AUDIO[1:-1], "a=rtpmap:9 G722/8000"], None),
    ],
    ids=["PCMU alone", "unnamed", "G.722 and PCMA", "G.722 alone"],
)
def test_a_display_that_takes_no_opus_is_sent_g711_or_the_picture_alone(
    world: World, audio: list[str], sent: list[str] | None
) -> None:
    sdp = offer(audio=audio)
    posted = world.request(
        f"/s/{world.grant(protocol='webrtc')}/whep", "POST", sdp.encode(), Content_Type="application/sdp"
    )
    assert posted.status == 201, posted.text
    directions = {section.kind: section.direction for section in SessionDescription.parse(posted.text).media}
    assert directions == {"audio": "sendonly" if sent else "inactive", "video": "sendonly"}
    if sent:
        [answered, _] = SessionDescription.parse(posted.text).media
        assert [codec.mimeType for codec in answered.rtp.codecs] == sent


def test_a_good_offer_is_left_alone() -> None:
    video = fmtp("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f")
    known = offer(audio=[AUDIO[0].removesuffix(" 0 8"), *AUDIO[1:]], video=video)
    untried = [line for line in known.splitlines() if line.startswith("a=candidate") and " 1 UDP " not in line]
    assert normalise(known) == "\r\n".join([line for line in known.splitlines() if line not in untried]) + "\r\n"
    assert len(untried) == 6, "of TCP, and of RTCP apart"


def found_at(number: int, priority: int, transport: str = "UDP") -> str:
    return f"a=candidate:{number} 1 {transport} {priority} 192.0.2.7 {20000 + number} typ host"


@pytest.mark.parametrize("sections", [1, 2, 8])
def test_of_an_offer_the_64_most_wanted_candidates_are_tried(sections: int) -> None:
    """RFC 8445 section 6.1.2.5. In a bundle the candidates of all sections end at one transport."""
    pictures = [[line.replace("video0", f"video{number}") for line in VIDEO] for number in range(sections)]
    crowded = [[*picture, *(found_at(port, port) for port in range(100))] for picture in pictures]
    left = normalise("\r\n".join([*HEAD[:-1], *(line for section in crowded for line in section), ""]))
    tried = [int(line.split()[3]) for line in left.splitlines() if line.startswith("a=candidate")]
    assert len(tried) == 64
    assert min(tried) == 100 - 64 // sections, "each section of one rank has its share"


def test_a_candidate_that_cannot_be_tried_takes_no_place_of_another() -> None:
    lines = [*(found_at(number, 9_000, "TCP") for number in range(100)), found_at(100, 1)]
    left = normalise("\r\n".join([*HEAD[:-1], *VIDEO, *lines, ""]))
    assert [line for line in left.splitlines() if line.startswith("a=candidate")] == lines[-1:]


@pytest.mark.parametrize("name", ["e.local 1000", "e.LOCAL 1000", "e.local\t1000", "e.local\u00a01000"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1d", "\x85", "\u2028"])
def test_no_name_of_the_local_network_is_left_however_lines_end(name: str, end: str) -> None:
    hidden = offer() + f"a=x{end}a=candidate:9 1 UDP 1 {name} typ host{end}"
    assert "local" not in normalise(hidden).lower()


def test_a_section_that_is_rejected_takes_no_sound_from_another() -> None:
    refused = ["m=audio 0 UDP/TLS/RTP/SAVPF 0", "a=mid:audio1"]
    assert offered_sound(normalise(offer(audio=[*AUDIO, *refused]))) == "opus"
    assert offered_sound(normalise(offer(audio=["m=audio 0 UDP/TLS/RTP/SAVPF 96", *AUDIO[1:]]))) == ""


def test_a_flood_of_candidates_is_cut() -> None:
    flood = offer() + "".join(f"a=candidate:{n} 1 UDP 1 192.0.2.7 {n + 1024} typ host\r\n" for n in range(500))
    assert normalise(flood).count("a=candidate") <= 128


def test_an_offer_does_not_grow_by_its_bundles() -> None:
    bundles = ["a=group:BUNDLE" + " audio0" * 3000, *["a=group:BUNDLE"] * 1500]
    out = normalise(offer(head=[*HEAD[:-1], *bundles]))
    assert [line for line in out.splitlines() if line.startswith("a=group")] == ["a=group:BUNDLE audio0"]


def test_feedback_is_not_joined_with_codecs_without_end() -> None:
    wild = [f"a=rtcp-fb:* nack x{number}" for number in range(100)]
    again = [f"a=rtpmap:{'0' * number}96 VP8/90000" for number in range(1, 100)]
    video = next(
        section
        for section in SessionDescription.parse(normalise(offer(video=[*VIDEO, *wild, *again]))).media
        if section.kind == "video"
    )
    assert len({codec.payloadType for codec in video.rtp.codecs}) == len(video.rtp.codecs)
    assert all(len(codec.rtcpFeedback) < 20 for codec in video.rtp.codecs)


@pytest.mark.parametrize("line", ["a=fmtp:99 a=b", "a=rtcp-fb:99 nack x", "a=ssrc:1 cname:x", "a=x"])
def test_a_section_of_thousands_of_lines_is_no_offer(line: str) -> None:
    with pytest.raises(NoOffer):
        normalise(offer(video=[*VIDEO, *[line] * 2000]))
