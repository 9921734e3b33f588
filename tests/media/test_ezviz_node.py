"""A session at EZVIZ's stream nodes, to the letter: whom it asks, what it sends, and what it takes for the picture."""

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field

import pytest

from showcam.engine.ezviz import messages
from showcam.engine.ezviz.address import Address
from showcam.engine.ezviz.messages import MESSAGE, STREAM, Frame, Frames, frame
from showcam.engine.ezviz.node import MOST_MESSAGES, NOTICE, NodeSession, SaidNo, Unreached
from showcam.net.addresses import OnLoopback
from tests.doubles.fast_time import FastLoop, run

OPEN = frame(messages.INFO_ANSWER, messages.text_field(4, "S1"))
KEPT = messages.keep_alive("S1", 1)[8:]


@dataclass
class Seen:
    """What came of a session: by connection what was asked, then all that the last one was sent, as code and body."""

    ended: str = ""
    asked: list[dict[int, int | bytes]] = field(default_factory=list)
    sent: list[tuple[int, bytes]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    came: list[bytes] = field(default_factory=list)

    def names(self, number: int) -> list[str]:
        """The address, or the key, that each connection named."""
        return [str(asked.get(number, b""), "ascii") for asked in self.asked]  # type: ignore[arg-type]


def picture(body: bytes, code: int = 0x9E03) -> bytes:
    return bytes((0x24, STREAM)) + len(body).to_bytes(2) + bytes(2) + code.to_bytes(2) + body


def onward(port: int, key: str, *, result: int = 5302, host: str = "127.0.0.1") -> bytes:
    """A dispatcher's answer: it writes the whole picture into each address."""
    url = f"ysproto://{host}:{port}/live?dev=F1&chn=1&stream=1&hdSign={key}"
    return frame(
        messages.INFO_ANSWER,
        messages.number_field(1, result) + messages.text_field(5, key) + messages.text_field(7, url),
    )


def session(
    *answers: bytes | int | str,
    reads_s: float = 0.5,
    late_s: float = 0.0,
    dead_first: bool = False,
    later: bytes = b"",
    listens: bool = True,
) -> Seen:
    """A session at a server that gives each connection the next answer: a number is so many redirects, a text one to
    that host.

    `reads_s`: how long the session is read, then it is closed; `late_s`: how long an answer takes; `dead_first`: nobody
    listens at the dispatcher's first address; `later`: what the server sends once the session has begun; `listens`:
    whether it then takes what it is sent.
    """
    seen = Seen()

    async def scene(_loop: FastLoop) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            number, heard = len(seen.asked), Frames()
            seen.sent, seen.numbers = [], []
            with contextlib.suppress(OSError):
                while data := await reader.read(65536):
                    for raw in frames_of(heard, data, seen.numbers):
                        if raw.code == messages.INFO:
                            seen.asked.append(messages.read_fields(raw.body))
                            await asyncio.sleep(late_s)
                            writer.write(script[min(number, len(script) - 1)])
                            await asyncio.sleep(0.1)
                            writer.write(later)
                            await asyncio.sleep(0 if listens else 60.0)
                        else:
                            seen.sent.append((raw.code, raw.body))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = int(server.sockets[0].getsockname()[1])
        script: list[bytes] = []
        for answer in answers:
            if isinstance(answer, int):
                script += [onward(port, f"K{at + 1}") for at in range(answer)]
            else:
                script.append(onward(port, "K1", host=answer) if isinstance(answer, str) else answer)
        places = (*(["[::1]:1025"] if dead_first else []), f"127.0.0.1:{port}")
        opened = NodeSession(OnLoopback(every=True))
        try:
            await opened.open(Address.read(f"ysproto://{places[0]}/live?dev=F1&chn=1&stream=2"), places)
            async with asyncio.timeout(reads_s):
                while True:
                    seen.came += await opened.read()
        except TimeoutError:
            pass
        except Unreached:
            seen.ended = "unreached"
        except SaidNo as no:
            seen.ended = str(no.result)
        opened.close()
        await asyncio.sleep(0.2)
        server.close()
        await asyncio.sleep(1.0)

    run(scene)
    return seen


def frames_of(heard: Frames, data: bytes, numbers: list[int]) -> list[Frame]:
    """The messages in it, whose numbers are added; each comes whole, since it is small."""
    at = 0
    while at < len(data):
        numbers.append(int.from_bytes(data[at + 4 : at + 6]))
        at += 8 + int.from_bytes(data[at + 2 : at + 4])
    return heard.feed(data)


@pytest.mark.parametrize(("redirects", "ended"), [(0, ""), (1, ""), (2, ""), (3, ""), (4, "unreached")])
def test_three_redirects_are_followed_with_the_key_of_each_and_the_stream_that_is_wanted(
    redirects: int, ended: str
) -> None:
    seen = session(redirects, OPEN)
    asked = min(redirects, 3)
    assert (seen.ended, seen.names(2)) == (ended, ["", *(f"K{at + 1}" for at in range(asked))])
    assert all("&stream=2" in url for url in seen.names(1))
    assert [f"hdSign={key}" in url for key, url in zip(seen.names(2), seen.names(1), strict=True)][1:] == [True] * asked


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (OPEN, ""),
        (onward(9, "K", result=0), ""),
        (frame(messages.INFO_ANSWER, messages.number_field(1, 0)), ""),
        (frame(messages.INFO_ANSWER, messages.number_field(1, 5302)), "5302"),
        (frame(messages.INFO_ANSWER, messages.number_field(1, 5504) + messages.text_field(4, "S1")), "5504"),
    ],
    ids=["a session", "success that names a node", "success that names no session", "nowhere to go", "a refusal"],
)
def test_an_answer_is_a_session_or_none(answer: bytes, ended: str) -> None:
    seen = session(answer)
    assert (seen.ended, len(seen.asked)) == (ended, 1)


@pytest.mark.proves(
    "showcam follows a stream node only to the vendor's names at public addresses",
    leans_on="double: EZVIZ's stream node",
)
@pytest.mark.parametrize(
    ("host", "resolved", "asked"),
    [
        ("vtdu1.ezvizlife.com", ["127.0.0.1"], 2),  # as if it were public: in the demo this machine counts too
        ("vtdu1.ezvizlife.com", ["10.0.0.1"], 1),
        ("vtdu1.ezvizlife.com", ["127.0.0.1", "192.168.1.1"], 1),
        ("vtdu1.ezvizlife.com", ["169.254.169.254"], 1),
        ("vtdu1.ezvizlife.com", [], 1),
        ("vtdu.example.com", ["127.0.0.1"], 1),
        ("vtdu1.ezvizlife.com.example.com", ["127.0.0.1"], 1),
        ("2130706433", ["127.0.0.1"], 1),
        ("192.168.1.1", [], 1),
    ],
)
def test_only_a_name_of_the_vendors_and_where_it_is_public_is_gone_to(
    host: str, resolved: list[str], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(_host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        if not resolved:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in resolved]

    gone_to: list[str] = []
    connect = asyncio.open_connection

    async def seen_connect(at: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        gone_to.append(at)
        return await connect(at, port)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(asyncio, "open_connection", seen_connect)
    seen = session(host, OPEN)
    assert (len(seen.asked), gone_to) == (asked, ["127.0.0.1"] * asked)
    assert seen.ended == ("" if asked == 2 else "unreached")


@pytest.mark.parametrize(("before", "ended"), [(MOST_MESSAGES - 1, ""), (MOST_MESSAGES + 1, "unreached")])
def test_so_many_messages_may_come_before_the_answer_and_no_more(before: int, ended: str) -> None:
    chatter = frame(0x7777, b"x")
    first, rest = chatter * before, OPEN
    assert session(first, late_s=0.1, later=rest).ended == ended


def test_a_node_that_asks_and_never_listens_is_dropped() -> None:
    """What waits to be sent to it is bounded."""
    asks = frame(messages.KEEP_ALIVE, bytes(60_000))
    assert session(OPEN, later=asks * 400, listens=False, reads_s=20.0).ended == "unreached"


def test_an_address_of_the_dispatcher_that_nobody_answers_at_gives_way_to_the_next_by_its_own_name() -> None:
    seen = session(OPEN, dead_first=True)
    assert seen.ended == ""
    assert [url.partition("/live")[0].rpartition(":")[0] for url in seen.names(1)] == ["ysproto://127.0.0.1"]


def test_a_camera_that_does_not_answer_the_node_for_ten_seconds_is_heard_of() -> None:
    assert session(frame(messages.INFO_ANSWER, messages.number_field(1, 5405)), late_s=10.2).ended == "5405"


def test_a_session_is_kept_alive_at_once_and_every_ten_seconds_in_silence_too_and_ends_with_a_word() -> None:
    seen = session(OPEN, reads_s=25.0)
    assert seen.sent == [(messages.KEEP_ALIVE, KEPT)] * 3 + [(messages.STOP, KEPT)]
    assert seen.numbers == [1, 2, 3, 4, 5]


def test_a_session_that_the_node_gave_no_name_is_watched_without_a_sign_of_life() -> None:
    seen = session(frame(messages.INFO_ANSWER, messages.number_field(1, 0)), later=picture(b"shown"), reads_s=25.0)
    assert (seen.ended, seen.came, seen.sent) == ("", [b"shown"], [])


def test_a_node_that_asks_for_a_sign_of_life_is_answered_in_its_own_words() -> None:
    seen = session(OPEN, later=messages.keep_alive("S1", 9))
    assert seen.sent == [(messages.KEEP_ALIVE, KEPT), (messages.KEPT_ALIVE, KEPT), (messages.STOP, KEPT)]


@pytest.mark.parametrize("code", [messages.KEEP_ALIVE, messages.INFO_ANSWER, NOTICE, 0xDC5E])
@pytest.mark.parametrize("with_answer", [True, False])
def test_parts_of_the_picture_may_carry_any_code(code: int, with_answer: bool) -> None:
    """It means something in messages alone."""
    body = messages.number_field(1, 7005)
    parts = picture(body, code) + picture(b"more")
    seen = session(OPEN + parts) if with_answer else session(OPEN, later=parts)
    assert (seen.ended, seen.came) == ("", [body, b"more"])
    assert seen.sent == [(messages.KEEP_ALIVE, KEPT), (messages.STOP, KEPT)]


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        (frame(NOTICE, messages.number_field(1, 7005)), "7005"),
        (frame(messages.INFO_ANSWER, messages.number_field(1, 5504)), "5504"),
        (frame(0x149, messages.number_field(1, 7005)), ""),
        (frame(messages.KEPT_ALIVE, messages.number_field(1, 5454)), ""),
        (bytes((0x24, 0x02)) + bytes(6), ""),
        (bytes((0x24, 0x0A)) + bytes(6), "5457"),
        (bytes((0x24, 0x0B)) + bytes(6), "5457"),
    ],
    ids=[
        "a notice",
        "a second answer",
        "link info",
        "a sign of life",
        "a channel of no use",
        "ciphered",
        "ciphered too",
    ],
)
def test_what_a_node_may_say_while_it_streams(said: bytes, ended: str) -> None:
    seen = session(OPEN, later=picture(b"before") + said + picture(b"after"))
    assert (seen.ended, seen.came) == (ended, [b"before", b"after"] if not ended else [])


def test_the_codes_of_messages_are_the_vendors() -> None:
    assert (MESSAGE, STREAM, messages.INFO, messages.INFO_ANSWER, NOTICE) == (0, 1, 0x13B, 0x13C, 0x13D)
    assert (messages.STOP, messages.KEEP_ALIVE, messages.KEPT_ALIVE) == (0x130, 0x132, 0x133)
