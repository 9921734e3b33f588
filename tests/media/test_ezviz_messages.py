"""EZVIZ's stream protocol: frames, messages and addresses, by the reference's vectors, and bytes that lie."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showcam.engine.ezviz import messages
from showcam.engine.ezviz.address import Address, BadAddress, live
from showcam.engine.ezviz.messages import (
    MESSAGE,
    MOST_JUNK,
    STREAM,
    Answer,
    Frame,
    Frames,
    NotAnswer,
    NotFields,
    NotFrames,
    frame,
    meaning,
)

URL = "ysproto://198.51.100.7:8554/live?dev=F1&chn=1&stream=2&cln=9&isp=0&auth=1&ssn=ut.T&biz=1&vip=0&timestamp=7"
STREAMED = bytes.fromhex("240100039e03dc5e") + b"abc"  # sequence and code are anything there


def answer(**facts: int | str) -> bytes:
    """A 13C's body as a node writes it: what is zero or empty is left out."""
    numbers = {"result": 1, "ssn": 4, "key": 5, "url": 7}
    parts = [
        messages.number_field(numbers[name], value)
        if isinstance(value, int)
        else messages.text_field(numbers[name], value)
        for name, value in facts.items()
    ]
    return b"".join(parts)


def test_a_keep_alive_is_as_the_vendors_own_client_sends_it() -> None:
    assert messages.keep_alive("S1", 1).hex(" ") == "24 00 00 04 00 01 01 32 0a 02 53 31"
    long = "s" * 51
    assert messages.keep_alive(long, 2)[8:10] == b"\x0a\x33"
    assert len(messages.keep_alive(long, 2)) == 61


def test_a_question_names_address_key_and_version() -> None:
    asked = messages.ask(URL, "K", 3)
    assert asked[:2] == b"$\x00"
    assert asked[4:8].hex() == "0003013b"
    query = messages.read_fields(asked[8:])
    version = b"v3.6.3.20221124"
    assert query == {1: URL.encode(), 2: b"K", 3: version, 4: 0, 6: version}
    assert 2 not in messages.read_fields(messages.ask(URL, "", 1)[8:]), "the first question has no key"


def test_a_stop_names_the_session() -> None:
    assert messages.stop("S1", 9).hex() == "2400000400090130" + "0a025331"


@pytest.mark.parametrize(
    ("body", "expected", "redirects"),
    [
        (answer(result=0, ssn="S1"), Answer(0, "S1"), False),
        (answer(ssn="S1"), Answer(0, "S1"), False),
        (answer(result=5302, key="K", url=URL), Answer(5302, "", URL, "K"), True),
        (answer(result=5302, url=URL), Answer(5302, "", URL), False),
        (answer(result=0, ssn="S1", key="K", url=URL), Answer(0, "S1", URL, "K"), False),
        (answer(result=5504), Answer(5504), False),
        (answer(result=5504) + bytes.fromhex("9a0602ffff") + answer(ssn="S1"), Answer(5504, "S1"), False),
        (b"", Answer(), False),
    ],
)
def test_answers(body: bytes, expected: Answer, redirects: bool) -> None:
    found = Answer.read(body)
    assert found == expected
    assert found.redirects is redirects


@pytest.mark.parametrize(
    "body",
    [
        b"\x08",
        b"\x08" + b"\xff" * 11,
        b"\x22\x05S1",
        b"\x22\xff\xff\xff\xff\x0fS1",
        b"\x0b",
        b"\x0f\x00",
        messages.text_field(1, "5302"),
        messages.number_field(4, 1),
        messages.text_field(7, "ysproto://\nhost"),
        messages.text_field(7, "ysproto://hø"),
        messages.text_field(4, "s" * 5000),
    ],
)
def test_what_is_no_answer_is_refused_without_a_word_of_it(body: bytes) -> None:
    with pytest.raises(NotAnswer) as refused:
        Answer.read(body)
    assert refused.value.args == ()


def test_an_answer_shows_nothing_when_it_is_printed() -> None:
    assert "S1" not in repr(Answer(0, "S1", URL, "K"))
    assert "ut.T" not in repr(Address.read(URL))


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_body_is_an_answer_or_none(body: bytes) -> None:
    with contextlib.suppress(NotAnswer):
        Answer.read(body)


def test_frames_are_found_however_they_were_cut() -> None:
    sent = frame(messages.INFO_ANSWER, b"x" * 300, 5) + STREAMED + messages.keep_alive("S1", 1)
    expected = [
        Frame(MESSAGE, 0x13C, b"x" * 300),
        Frame(STREAM, 0xDC5E, b"abc"),
        Frame(MESSAGE, 0x132, b"\x0a\x02S1"),
    ]
    for size in (1, 2, 3, 7, 8, 9, 311, 1000):
        reader = Frames()
        found = [frame for at in range(0, len(sent), size) for frame in reader.feed(sent[at : at + size])]
        assert found == expected, size


def test_frames_on_channels_that_nobody_asks_for_are_no_damage() -> None:
    sent = b"".join(bytes((0x24, channel)) + b"\0\1" + bytes(4) + b"x" for channel in (0x02, 0x0A, 0x0B))
    reader = Frames()
    found = reader.feed(sent + STREAMED)  # a frame behind damage would count once another one has begun
    assert [frame.channel for frame in found] == [0x02, 0x0A, 0x0B, STREAM]


def test_a_little_junk_every_now_and_then_is_passed_over_for_hours() -> None:
    reader, found = Frames(), 0
    for _ in range(2 * MOST_JUNK // 1024):
        found += len(reader.feed(bytes(1024) + STREAMED * 2))
    assert found >= 2 * (2 * MOST_JUNK // 1024) - 2


@pytest.mark.parametrize(
    "junk", [b"\r\n", b"$", b"$$\x01", b"$\x07\x00\x01", b"HTTP/1.1 200 OK\r\n\r\n", b"\x00" * 999]
)
def test_what_lies_between_frames_is_passed_over(junk: bytes) -> None:
    reader = Frames()
    found = reader.feed(STREAMED + junk + STREAMED * 7000)  # more than any frame that the junk may claim to begin
    assert found == [Frame(STREAM, 0xDC5E, b"abc")] * len(found)
    assert len(found) > 900


def test_noise_without_end_is_given_up() -> None:
    held = fed_in_vain(b"\x00" * 1000)
    assert held <= 1000


def test_no_more_is_held_than_a_frame() -> None:
    held = fed_in_vain(b"$\x01\xff\xff" + b"a" * 1000)
    assert 60_000 < held < 70_000


def fed_in_vain(data: bytes) -> int:
    """The most that was held until it was given up."""
    reader, most = Frames(), 0
    for _ in range(2 * MOST_JUNK // len(data)):
        try:
            reader.feed(data)
        except NotFrames:
            return most
        most = max(most, len(reader._held))
    raise AssertionError("it was not given up")


@given(st.binary(max_size=64), st.integers(0, 200), st.integers(1, 9))
@settings(deadline=None)
def test_after_any_damage_frames_are_found_again(damage: bytes, at: int, size: int) -> None:
    sent = STREAMED * 20
    sent = sent[:at] + damage + sent[at + 5 :] + STREAMED * 6000  # whatever length the damage claims is outlasted
    reader = Frames()
    found = [
        frame for start in range(0, len(sent), 997 * size) for frame in reader.feed(sent[start : start + 997 * size])
    ]
    assert found[-1] == Frame(STREAM, 0xDC5E, b"abc")


@pytest.mark.parametrize(
    ("url", "host", "port", "stream"),
    [
        (URL, "198.51.100.7", 8554, 2),
        (URL.replace("stream=2", "stream=1"), "198.51.100.7", 8554, 1),
        (URL.replace("198.51.100.7", "vtdu1.ezvizlife.com"), "vtdu1.ezvizlife.com", 8554, 2),
        (URL.replace("198.51.100.7", "[2001:db8::7]"), "2001:db8::7", 8554, 2),
        ("ysproto://h:6002/live?a=b", "h", 6002, 1),
    ],
)
def test_addresses(url: str, host: str, port: int, stream: int) -> None:
    found = Address.read(url)
    assert (found.host, found.port, found.stream, found.url) == (host, port, stream, url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://h:1/live",
        "ysproto://h/live",
        "ysproto://h:0/live",
        "ysproto://h:99999/live",
        "ysproto://h:x/live",
        "ysproto://:6002/live",
        "ysproto://h:25/live",
        "ysproto://u:p@h:6002/live",
        "ysproto://h:6002/playback?x=1",
        "ysproto://h:6002/live?a b",
        "ysproto://[::6002/live",
        "ysproto://h:6002/live?" + "x" * 5000,
        "ysproto://hø:6002/live",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(BadAddress):
        Address.read(url)


def test_only_the_stream_is_changed_in_an_address() -> None:
    redirect = "ysproto://h:6002/live?hdSign=a%2Fb&stream=1&stream2=1&busiProxy=x"
    assert Address.read(redirect).asking(2).url == redirect.replace("&stream=1", "&stream=2")
    assert Address.read("ysproto://h:6002/live?a=1").asking(2).url == "ysproto://h:6002/live?a=1"


@pytest.mark.parametrize(
    ("host", "place"), [("203.0.113.9", "203.0.113.9:10554"), ("2001:db8::9", "[2001:db8::9]:10554")]
)
def test_an_address_at_another_host_differs_in_nothing_else(host: str, place: str) -> None:
    for url in (URL, URL.replace("198.51.100.7", "[2001:db8::7]")):
        found = Address.read(url).at(host, 10554)
        assert (found.host, found.port) == (host, 10554)
        assert found.url == f"ysproto://{place}/live?" + url.partition("?")[2]


def test_a_token_is_quoted() -> None:
    assert "&ssn=a%26dev%3DF2%2B%2F%3D&biz=1&" in live("h:8554", "F1", 1, 2, "a&dev=F2+/=", "biz=1", 7)


@pytest.mark.parametrize(
    ("biz", "expected"),
    [
        ("", "biz=1"),
        ("biz=1", "biz=1"),
        ("serial=F1&streamtag=0", "serial=F1&streamtag=0"),
        ("https://example.ezviz.test/path", "biz=1"),
        ("https://example.ezviz.test/path?biz=4&x=2", "biz=4&x=2"),
        ("x y", "biz=1"),
        ("\r\nevil=1", "biz=1"),
    ],
)
def test_an_address_to_ask_for(biz: str, expected: str) -> None:
    found = live("198.51.100.7:8554", "F1", 1, 2, "ut.T", biz, 7)
    assert found == URL.replace("biz=1", expected)
    assert Address.read(found).stream == 2


REASONS = {
    ("offline", True): (5404, 5452, 5456),
    ("asleep", False): (5409, 5544),
    ("not_permitted", False): (5411, 5545),
    ("not_found", False): (5415, 5455, 6106),
    ("no_way", False): (5403, 5457, 5458, 5459),
    ("busy", True): (5416, 5503, 5504, 5546, 5547),
    ("media_down", True): (
        *(5000, 5400, 5405, 5406, 5407, 5412, 5413, 5451, 5454, 5491, 5492, 5500, 6001, 6110),
        *(6518, 6519, 6520, 7005, 7999),
    ),
}


@pytest.mark.proves("Each result of a stream node has its reason", leans_on="double: EZVIZ's stream node")
@pytest.mark.parametrize("means", REASONS)
def test_every_result_is_told_in_the_registrys_words(means: tuple[str, bool]) -> None:
    assert {result: meaning(result) for result in REASONS[means]} == dict.fromkeys(REASONS[means], means)


def test_fields_are_refused_in_one_way() -> None:
    with pytest.raises(NotFields):
        messages.read_fields(b"\x0a\x7f")
