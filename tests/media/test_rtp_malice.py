"""RTP that nobody well-meaning sends: every byte cut or flipped, any bytes, and what never ends."""

import contextlib
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showcam.engine.codec.sound import NoAac, read_config, read_mux_config
from showcam.engine.ezviz.h265 import EzvizH265Depacketizer
from showcam.engine.rtp import packets
from showcam.engine.rtp.nal import H264Depacketizer, H265Depacketizer
from showcam.engine.rtp.packets import UNIT_CAP, AccessUnit, Depacketizer, NotRtp, read
from showcam.engine.rtp.sound import AacDepacketizer, LatmDepacketizer, PlainDepacketizer
from tests.media.test_rtp import packed

FED: dict[str, tuple[Callable[[], Depacketizer], Callable[[], list[bytes]]]] = {
    "H.264": (H264Depacketizer, lambda: [packet.payload for packet in packed("libx264")[:40]]),
    "H.265": (H265Depacketizer, lambda: [packet.payload for packet in packed("libx265")[:40]]),
    "H.265 of EZVIZ": (EzvizH265Depacketizer, lambda: [packet.payload for packet in packed("libx265")[:40]]),
    "AAC": (lambda: AacDepacketizer(13, 3), lambda: [b"\0\x10\0\x20abcd", b"\0\x20\0\x10\0\x10abcd"]),
    "LATM": (LatmDepacketizer, lambda: [b"\x04abcd", b"\xff\x05abcd"]),
    "plain": (PlainDepacketizer, lambda: [b"abcd"]),
}


@pytest.mark.parametrize("name", FED)
def test_whatever_is_cut_or_flipped_at_any_byte_is_at_most_damage(name: str) -> None:
    """Each byte of the longest payload is, and of all others those that say what they are."""
    made, sent = FED[name]
    payloads = sent()
    longest = max(payloads, key=len)
    for payload in payloads:
        for at in range(len(payload) if payload is longest else min(len(payload), 64)):
            for bent in (payload[:at], payload[:at] + bytes((payload[at] ^ 0xFF,)) + payload[at + 1 :]):
                depacketizer = made()
                for timestamp, data in enumerate((bent, payload, bent)):
                    for unit in depacketizer.feed(data, timestamp, marker=True):
                        assert len(unit.data) <= 3 * (len(payload) + 4)
                    depacketizer.feed(data, timestamp, marker=False, lost=True)


@pytest.mark.parametrize("name", FED)
@settings(deadline=None, max_examples=150)
@given(fed=st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 3), st.booleans(), st.booleans()), max_size=30))
def test_no_bytes_whatever_make_it_raise(name: str, fed: list[tuple[bytes, int, bool, bool]]) -> None:
    depacketizer = FED[name][0]()
    for payload, timestamp, marker, lost in fed:
        for unit in depacketizer.feed(payload, timestamp, marker=marker, lost=lost):
            assert isinstance(unit, AccessUnit)


@settings(deadline=None, max_examples=300)
@given(data=st.binary(max_size=80))
def test_no_bytes_whatever_make_a_head_raise_anything_else(data: bytes) -> None:
    for reader in (read, packets.read_reports):
        with contextlib.suppress(NotRtp):
            reader(data)
    for config in (read_config, read_mux_config):
        with contextlib.suppress(NoAac):
            config(data)


@pytest.mark.parametrize(
    ("made", "payload"),
    [
        (H264Depacketizer, b"\x65\x88" + bytes(14_000)),
        (H264Depacketizer, b"\x7c\x05" + bytes(14_000)),
        (H264Depacketizer, b"\x06\x05" + bytes(14_000)),
        (H264Depacketizer, b"\x06\x05"),
        (H264Depacketizer, b"\x78" + b"\0\2\x06\x05" * 300),
        (H265Depacketizer, b"\x26\x01\x80" + bytes(14_000)),
        (EzvizH265Depacketizer, b"\x62\x01\x81" + bytes(14_000)),
        (LatmDepacketizer, bytes(14_000)),
        (lambda: AacDepacketizer(13, 3), b"\0\x10\xff\xf8" + bytes(1000)),
    ],
    ids=["slices", "fragments", "messages", "small ones", "many at once", "H.265", "EZVIZ", "LATM", "AAC"],
)
@pytest.mark.parametrize("turns", [False, True], ids=["of one time", "of ever another"])
def test_what_never_ends_takes_no_more_than_a_picture_may(
    made: Callable[[], Depacketizer], payload: bytes, turns: bool
) -> None:
    depacketizer = made()
    if payload[:1] == b"\x7c":
        depacketizer.feed(b"\x7c\x85" + bytes(100), 1, marker=False)
    tracemalloc.start()
    try:
        for number in range(3000):
            depacketizer.feed(bytes(bytearray(payload)), number if turns else 1, marker=False)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < UNIT_CAP + 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("made", "first", "last"),
    [
        (H264Depacketizer, b"\x7c\x81" + bytes(14_000), b"\x7c\x41" + bytes(10)),
        (H265Depacketizer, b"\x62\x01\x81" + bytes(14_000), b"\x62\x01\x41" + bytes(10)),
        (EzvizH265Depacketizer, b"\x62\x01\x81" + bytes(14_000), b"\x62\x01\x41" + bytes(10)),
    ],
    ids=["H.264", "H.265", "EZVIZ"],
)
def test_units_of_two_fragments_that_never_end_a_picture_take_no_more_either(
    made: Callable[[], Depacketizer], first: bytes, last: bytes
) -> None:
    depacketizer = made()
    tracemalloc.start()
    try:
        for _ in range(1500):
            depacketizer.feed(bytes(bytearray(first)), 1, marker=False)
            depacketizer.feed(last, 1, marker=False)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < UNIT_CAP + 2 * 1024 * 1024
