"""EZVIZ's own protocol at home, as bytes: the reference's vectors, what a camera and the server of keys may answer."""

import base64
import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showcam.engine.ezviz import local_messages
from showcam.engine.ezviz.address import BadAddress
from showcam.engine.ezviz.local_messages import (
    HEAD,
    LIMIT,
    LONGEST,
    Device,
    Head,
    LocalAddress,
    NoKey,
    NotMessage,
    answer,
    invite,
    plain,
    result,
    sealed,
    session_of,
    url,
)
from showcam.engine.ezviz.local_session import MOST_PLACES, NotWrapped, Wrapping, bare
from showcam.engine.ezviz.local_session import chunks as splitter
from showcam.engine.ezviz.messages import MOST_JUNK, Frames, NotFrames
from showcam.engine.source import EzvizLocal, read_source
from tests.doubles.troubled.dress import Plain, Wrapped

pytestmark = pytest.mark.proves(
    "EZVIZ's protocol at home ends cleanly whatever a hostile camera sends",
    leans_on="double: the hostile camera; published: one public vector",
)

KEY = b"0123456789abcdef"
OK = b'<Response><Result>0</Result><Session Key="abcdefghijklmnop" OperationCode="ABCDEFG" /></Response>'


def test_a_command_is_the_references_vector() -> None:
    made = sealed(0x2011, 16, b"<Request/>", KEY)
    assert made[:32].hex() == "9ebaace901000000000000100000000000002011ffffffff0000001000000000"
    assert made[32:48].hex() == "431f9f31f8cd066345904e9f59a7ac55"
    assert made[48:] == b"64eb9e2afbac7c86c6c5ef2a8d1b4bba"


def test_a_request_for_a_key_is_as_public_clients_send_it() -> None:
    made = plain(0x2001, 5, local_messages.key_wanted("a<b", "T" * 32, "BE1"), b"0" * 32)
    assert made[:24].hex() == "9ebaace9010000000000000500000000000020010000" + "0000"
    assert int.from_bytes(made[24:28]) == len(made) - 64
    text = made[32:-32].decode()
    assert "<ClientID>a&lt;b</ClientID>" in text
    assert "<DevSerial>BE1</DevSerial>\n\t<ClientType>3</ClientType>" in text


@pytest.mark.parametrize(
    ("related", "public_key", "channel"),
    [
        ("", "", "<Channel>1</Channel>"),
        ("BF2", "", '<Channel RelatedDevice="BF2">1</Channel>'),
        ("", "MFk=", '<Channel RelatedDevice="">1</Channel>'),
    ],
)
def test_an_invitation_names_what_is_wanted(related: str, public_key: str, channel: str) -> None:
    text = invite("ABCDEFG", 1, related, "", 10101, "u", 7, public_key).decode()
    assert channel in text
    assert 'StreamType="MAIN" NewStreamType="1" TransProto="TCP"' in text
    assert ("<PublicKey>MFk=</PublicKey>" in text) is bool(public_key)


@pytest.mark.parametrize("is_sealed", [False, True], ids=["in the clear", "enciphered"])
def test_answers_are_read_either_way(is_sealed: bool) -> None:
    body = b'<?xml version="1.0" encoding="utf-8"?>\n<Response><Result>0</Result><Session>17</Session></Response>\0\0'
    sent = sealed(1, 1, body.rstrip(b"\0"), KEY)[32:-32] if is_sealed else body
    told = answer(sent, KEY)
    assert (result(told), session_of(told)) == (0, "17")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (OK, Device("abcdefghijklmnop", "ABCDEFG")),
        (OK.replace(b"<Result>0</Result>", b""), Device("abcdefghijklmnop", "ABCDEFG")),
        (b"<Response><Result>1052170</Result></Response>", 1052170),
        (b"<Response><Result>1052175</Result></Response>", 1052175),
        (b"<Response><Result>0</Result><Limit>-9999</Limit></Response>", LIMIT),
        (b"<Response><Result>-9999</Result></Response>", -9999),
        (b"<Response><Result>0</Result></Response>", None),
        (b"<Response><Result>much</Result></Response>", None),
        (OK.replace(b"abcdefghijklmnop", b"short"), None),
        (OK.replace(b"ABCDEFG", b""), None),
        (OK.replace(b"ABCDEFG", b"A B"), None),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + OK, None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_what_the_server_of_keys_answers(body: bytes, expected: Device | int | None) -> None:
    try:
        found: Device | int | None = Device.read(answer(body))
    except NoKey as no:
        found = no.code
    except NotMessage:
        found = None
    assert found == expected


def test_no_key_is_in_the_text_of_anything() -> None:
    device = Device("abcdefghijklmnop", "ABCDEFG")
    spec = local(user=device.code, password=device.key)
    for each in (device, spec, LocalAddress.read(spec)):
        assert "abcdefgh" not in f"{each!r} {each}"
        assert "ABCDEFG" not in f"{each!r} {each}"


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_any_bytes_are_an_answer_or_not(data: bytes) -> None:
    with contextlib.suppress(NotMessage):
        assert Head.read(data[: HEAD.size].ljust(HEAD.size, b"\0")).length <= LONGEST
    with contextlib.suppress(NotMessage, NoKey):
        Device.read(answer(data))
    with contextlib.suppress(NotMessage):
        session_of(answer(data, KEY))


def test_a_long_body_is_not_waited_for() -> None:
    for length, is_taken in ((LONGEST, True), (LONGEST + 1, False), (0xFFFFFFFF, False)):
        head = sealed(1, 1, b"", KEY)[:24] + length.to_bytes(4) + bytes(4)
        with contextlib.nullcontext() if is_taken else pytest.raises(NotMessage):
            assert Head.read(head).length == length


# the source that is handed to the media process


def local(**changes: object) -> EzvizLocal:
    given: dict[str, object] = {
        "url": url(1, "BE1-BF2"),
        "hosts": ("192.168.1.9:9010", "192.168.1.9:9020"),
        "sound": "on",
        "user": "ABCDEFG",
        "password": "0123456789abcdef",
    }
    return EzvizLocal(**(given | changes))  # type: ignore[arg-type]


def test_an_address_comes_through_as_it_was() -> None:
    spec = read_source(local().as_json())
    assert isinstance(spec, EzvizLocal)
    found = LocalAddress.read(spec)
    assert found == LocalAddress("192.168.1.9", 9010, 9020, 1, "BF2", KEY, "ABCDEFG")
    assert (found.place, url(2, "F1")) == ("192.168.1.9:9010/1", "ezviz-local:/2/")


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "ezviz-local:/0/"},
        {"url": "rtsp://192.168.1.9/1"},
        {"hosts": ("192.168.1.9:9010",)},
        {"hosts": ("192.168.1.9:9010", "192.168.1.8:9020")},
        {"hosts": ("192.168.1.9:9010", "192.168.1.9:x")},
        {"password": "short"},
        {"password": "å" * 16},
    ],
)
def test_another_address_is_none(changes: dict[str, object]) -> None:
    with pytest.raises(BadAddress):
        LocalAddress.read(local(**changes))


# what comes by the port of pictures

PARTS = [b"\0\0\1\xba" + bytes((number,)) * 900 for number in range(12)]


def split(chunks: Frames, data: bytes) -> list[tuple[int, bytes]]:
    return [(chunk.channel, chunk.body) for chunk in chunks.feed(data)]


def sent(dress: Plain | Wrapped) -> bytes:
    return dress.first() + b"".join(dress.part(part) for part in PARTS)


@pytest.mark.parametrize("size", [1, 7, 1500, 100_000])
def test_plain_parts_are_found_behind_the_preface(size: int) -> None:
    data, chunks = sent(Plain()), splitter()
    found = [bare(payload) for at in range(0, len(data), size) for _, payload in split(chunks, data[at : at + size])]
    assert found == PARTS


@pytest.mark.parametrize("size", [1, 1500])
def test_wrapped_parts_are_opened(size: int) -> None:
    wrapping, chunks = Wrapping(), splitter()
    data = sent(Wrapped(wrapping.public_key))
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    found = [wrapping.opened(*chunk) for piece in pieces for chunk in split(chunks, piece)]
    assert found == [b"", *PARTS]
    assert len(base64.b64decode(wrapping.public_key)) == 91


def test_a_preface_that_looks_like_a_chunk_is_passed_over() -> None:
    dress = Plain()
    data = b"\x01$\x00\x00\x09" + bytes(40) + b"$$$" + sent(dress) + b"".join(dress.part(part) for part in PARTS * 8)
    assert [bare(payload) for _, payload in split(splitter(), data)][-12:] == PARTS


@pytest.mark.parametrize(
    ("channel", "payload"),
    [
        (2, b"0000$\x02" + bytes(60)),
        (1, b"0000$\x03" + bytes(60)),
        (1, b"0000$\x02" + bytes(40)),
        (1, b""),
    ],
    ids=["another channel", "another packet", "too short", "nothing"],
)
def test_what_is_no_wrapped_part_is_passed_over(channel: int, payload: bytes) -> None:
    wrapping = Wrapping()
    first = split(splitter(), Wrapped(wrapping.public_key).first() + b"$\x01")
    assert wrapping.opened(*first[0]) == b""
    assert wrapping.opened(channel, payload) == b""


@pytest.mark.parametrize("at", range(0, 300, 3))
def test_a_bent_first_chunk_gives_no_key_or_another_one(at: int) -> None:
    """The picture is garbled then, which the program stream's reader says."""
    wrapping = Wrapping()
    ((channel, payload),) = split(splitter(), Wrapped(wrapping.public_key).first() + b"$\x01")
    place = at % len(payload)
    with contextlib.suppress(NotWrapped):
        assert wrapping.opened(channel, payload[:place] + bytes((payload[place] ^ 0x41,)) + payload[place + 1 :]) == b""
    with contextlib.suppress(NotWrapped):
        assert Wrapping().opened(channel, payload[:place]) == b""


def test_junk_has_an_end() -> None:
    chunks, noise = splitter(), random.Random(3).randbytes(MOST_JUNK).replace(b"$", b"#")
    assert chunks.feed(noise) == []
    with pytest.raises(NotFrames):
        split(chunks, noise)


@given(st.lists(st.binary(max_size=300), max_size=12))
@settings(deadline=None)
def test_any_bytes_are_chunks_or_not_in_bounded_memory(pieces: list[bytes]) -> None:
    chunks = splitter()
    for piece in pieces:
        for _, payload in split(chunks, piece):
            assert bare(payload) in payload
    assert len(chunks._held) <= 65536 + 4


CHUNK = b"$\x01\x00\x04abcd"


@pytest.mark.parametrize("junk", [b"\r\n", b"x$", b"x$\x07\x00\x01", b"x$\x07\x0f\xf3", bytes(999)])
def test_what_lies_between_chunks_is_passed_over(junk: bytes) -> None:
    found = split(splitter(), CHUNK * 2 + junk + CHUNK * 7000)
    assert found == [(1, b"abcd")] * len(found)
    assert len(found) > 6000


def test_a_little_junk_every_now_and_then_is_passed_over_for_hours() -> None:
    chunks, found = splitter(), 0
    for _ in range(2 * MOST_JUNK // 1024):
        found += len(split(chunks, bytes(1024) + CHUNK * 2))
    assert found >= 2 * (2 * MOST_JUNK // 1024) - 2


@pytest.mark.parametrize(
    ("payload", "part"),
    [
        (b"\x1c\x80picture", b"picture"),
        (b"\x1c\x00picture", b"picture"),
        (b"picture", b"picture"),
        (b"", b""),
    ],
)
def test_two_bytes_in_front_of_a_part_are_left_out_where_there_are_any(payload: bytes, part: bytes) -> None:
    assert bare(b"\x80\x60\0\1\0\0\0\2\x55\x66\x77\x88" + payload) == part
    assert bare(payload) == b"", "it is no RTP"


def test_a_first_chunk_of_keys_that_are_none_is_given_up_soon() -> None:
    """Each place at which a key might begin costs the event loop of all cameras some microseconds."""
    wrapped = Wrapped((ours := Wrapping()).public_key).first() + b"$\x01"
    ((_, payload),) = split(splitter(), wrapped)
    assert ours.opened(1, b"\x24\x01" * (MOST_PLACES // 2) + payload) == b""
    with pytest.raises(NotWrapped):
        Wrapping().opened(1, b"\x24\x01" * 30_000 + payload)
