"""What RTSP says, read byte by byte: frames and messages, descriptions, answers and challenges."""

import contextlib
from collections.abc import Iterator

import pytest

from showcam.engine.rtsp.description import Description
from showcam.engine.rtsp.login import Challenge, Login, challenge
from showcam.engine.rtsp.messages import HEAD_CAP, Message, NotRtsp, Splitter
from showcam.engine.source import SourceFailed
from showcam.engine.sources.tracks import choose


def taken_apart(data: bytes, step: int) -> tuple[list[tuple[int, bytes]], list[Message]]:
    frames: list[tuple[int, bytes]] = []
    messages: list[Message] = []
    splitter = Splitter(lambda channel, frame: frames.append((channel, frame)), messages.append)
    for at in range(0, len(data), step):
        splitter.feed(data[at : at + step])
    return frames, messages


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_frames_and_messages_are_distinguished_wherever_the_network_cuts(step: int) -> None:
    frames = [b"$\x00\x00\x05RTSP/", b"$\x01\x00\x00", b"$\x00\x00\x04\r\n\r\n"]
    reply = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 4\r\n\r\n$bod"
    found, messages = taken_apart(frames[0] + reply + frames[1] + b"\r\n" + reply + frames[2], step)
    assert found == [(0, b"RTSP/"), (1, b""), (0, b"\r\n\r\n")]
    assert [(message.status, message.value("cseq"), message.body) for message in messages] == [(200, "3", b"$bod")] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"x" * HEAD_CAP,
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 70000\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: many\r\n\r\n",
        "RTSP/1.0 200 OK\r\nContent-Length: ²\r\n\r\n".encode(),
        b"RTSP/1.0 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    ],
)
def test_what_is_out_of_proportion_is_no_rtsp(data: bytes) -> None:
    with pytest.raises(NotRtsp):
        taken_apart(data, 500)


def test_a_status_of_no_digits_is_no_rtsp() -> None:
    [message] = taken_apart("RTSP/1.0 ²²² OK\r\n\r\n".encode(), 500)[1]
    with pytest.raises(NotRtsp):
        _ = message.status


def test_a_payload_type_of_no_digits_is_left_out() -> None:
    described = Description.read("v=0\r\nm=video 0 RTP/AVP ² 96\r\na=rtpmap:96 H264/90000\r\n".encode())
    assert described is not None
    assert [track.payload for track in described.tracks] == [96]


class CountingSplitter(Splitter):
    parsed = 0

    def _take(self, data: bytes, at: int) -> int:
        self.parsed += 1
        return super()._take(data, at)


def test_a_head_is_not_parsed_again_for_each_byte_of_its_body() -> None:
    messages: list[Message] = []
    splitter = CountingSplitter(lambda channel, frame: None, messages.append)
    splitter.feed(b"RTSP/1.0 200 OK\r\nX: " + b"x" * 16_000 + b"\r\nContent-Length: 2000\r\n\r\n")
    for _ in range(2000):
        splitter.feed(b"y")
    assert (len(messages), splitter.parsed) == (1, 2)


DESCRIPTION = (
    "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=c\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhA,aMuMsg==\r\na=control:trackID=0\r\n"
    "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000/1\r\na=fmtp:97 mode=AAC-hbr;sizelength=13;"
    "indexlength=3;indexdeltalength=3;config=1408\r\na=control:trackID=1\r\nm=audio 0 RTP/AVP 98\r\n"
    "a=rtpmap:98 MP4A-LATM/24000\r\na=fmtp:98 cpresent=0;config=400026203fc0\r\na=control:trackID=2\r\n"
)
REPLY = (
    b"RTSP/1.0 401 Unauthorized\r\nCSeq: 3\r\nSession: 12;timeout=60\r\n"
    b'WWW-Authenticate: Digest realm="c", nonce="n", algorithm=SHA-256, stale="TRUE"\r\n'
    b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nContent-Length: 4\r\n\r\nbody$\x00\x00\x04abcd"
)


def bent(data: bytes) -> Iterator[bytes]:
    """Cut at each byte, and with each byte turned round, made a zero and made a line's end."""
    for at, byte in enumerate(data):
        yield data[:at]
        yield from (data[:at] + bytes((other,)) + data[at + 1 :] for other in (byte ^ 0xFF, 0, 10))


def test_a_description_that_is_bent_at_any_byte_is_read_or_is_of_nothing_that_plays() -> None:
    sound = choose(Description.read(DESCRIPTION.encode()) or Description((), ""), sound=True).sound
    assert sound is not None
    played = 0
    for data in bent(DESCRIPTION.encode()):
        description = Description.read(data)
        if description is not None:
            with contextlib.suppress(SourceFailed):
                played += choose(description, sound=True).video.clock_hz > 0
    assert played > len(DESCRIPTION), "most bytes matter to no picture"


@pytest.mark.parametrize("encoding", ["PCMU", "PCMA", "L16", "G722"])
@pytest.mark.parametrize(
    ("clock", "expected"),
    [(1, False), (10, False), (7_999, False), (8_000, True), (48_000, True), (192_000, True), (192_001, False)],
)
def test_plain_sound_at_a_rate_that_no_camera_has_is_not_played(encoding: str, clock: int, expected: bool) -> None:
    words = DESCRIPTION.partition("m=audio")[0] + f"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 {encoding}/{clock}\r\n"
    described = Description.read(words.encode())
    assert described is not None
    assert (choose(described, sound=True).sound is not None) == expected


def test_an_answer_that_is_bent_at_any_byte_is_read_or_is_no_rtsp() -> None:
    read = 0
    for data in bent(REPLY):
        with contextlib.suppress(NotRtsp):
            for message in taken_apart(data, len(data) or 1)[1]:
                challenge(message.values("www-authenticate"))
                read += message.status == 401
    assert read > len(REPLY)


def test_a_digest_as_the_rfc_has_it() -> None:
    """RFC 2069 section 2.4, its password and its answer as corrected in the errata."""
    login = Login("Mufasa", "CircleOfLife")
    login.take(Challenge("digest", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093"))
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in (login.sign("GET", "/dir/index.html") or "")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (['Basic realm="c"', 'Digest realm="c", nonce="n"'], ("digest", "MD5")),
        (['Digest realm="c", nonce="n"', 'Digest realm="c", nonce="n", algorithm=SHA-256'], ("digest", "SHA-256")),
        (['Basic realm="c"'], ("basic", "MD5")),
        (['Digest realm="c", nonce="n", algorithm=SHA-512-256'], None),
        (['Digest realm="c"'], None),
        (["Negotiate"], None),
        ([], None),
    ],
)
def test_the_strongest_challenge_is_answered(headers: list[str], expected: tuple[str, str] | None) -> None:
    found = challenge(headers)
    assert (found and (found.scheme, found.algorithm)) == expected
