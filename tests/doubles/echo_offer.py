"""Offers as displays send them: an Echo's with its oddities, and variants of it."""

from collections.abc import Iterable

# An Echo's offer: no fmtp for H.264, only candidates of a far host, also of TCP and component 2.
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


def offer(
    *,
    audio: Iterable[str] = (*AUDIO, *STATIC),
    video: Iterable[str] = VIDEO,
    head: Iterable[str] = HEAD,
    end: str = "\r\n",
) -> str:
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
    "another sound before": offer(audio=[AUDIO[0].replace("96 0 8", "0 8 96"), *AUDIO[1:-1], *STATIC, AUDIO[-1]]),
    "names of the local network": offer().replace("192.0.2.7 40000", "0123-45.local 40000"),
}
