"""RTP over UDP put in its order again: numbers, losses, other sources, and the clocks that reports tie."""

import struct
from collections.abc import Iterable

import pytest

from showcam.engine.rtp import packets
from showcam.engine.rtp.packets import AccessUnit, NotRtp, Order, Packet, SenderReport, read
from showcam.engine.rtp.sound import PlainDepacketizer
from showcam.engine.rtsp.session import Incoming


def numbered(*numbers: int, source: int = 1) -> list[Packet]:
    return [Packet(96, False, number & 0xFFFF, number, source, b"x") for number in numbers]


def ordered(order: Order, packets: list[Packet], step_s: float = 0.001) -> list[tuple[int, bool]]:
    out = [due for at, packet in enumerate(packets) for due in order.take(packet, at * step_s)]
    return [(packet.timestamp, lost) for packet, lost in [*out, *order.due(99)]]


@pytest.mark.parametrize(
    ("wait_s", "came", "expected"),
    [
        (0, (1, 2, 4, 5), [(1, False), (2, False), (4, True), (5, False)]),
        (0, (1, 2, 2, 3), [(1, False), (2, False), (3, False)]),
        (0, (0xFFFF, 0x10000), [(0xFFFF, False), (0x10000, False)]),
        (0, (1, 30_000, 30_001), [(1, False), (30_000, True), (30_001, False)]),
        (0, (2000, 5, 6, 7), [(2000, False), (5, True), (6, False), (7, False)]),
        (0.1, (1, 3, 2, 4), [(1, False), (2, False), (3, False), (4, False)]),
        (0.1, (1, 4, 3, 2, 5), [(1, False), (2, False), (3, False), (4, False), (5, False)]),
        (0.1, (1, 3, 4), [(1, False), (3, True), (4, False)]),
        (
            0.1,
            (0xFFFE, 0x10001, 0xFFFF, 0x10000),
            [(0xFFFE, False), (0xFFFF, False), (0x10000, False), (0x10001, False)],
        ),
    ],
    ids=[
        "gap",
        "twice",
        "round",
        "another line",
        "another line before",
        "swapped",
        "turned round",
        "lost",
        "swapped where it goes round",
    ],
)
def test_packets_come_out_in_their_order(
    wait_s: float, came: tuple[int, ...], expected: list[tuple[int, bool]]
) -> None:
    assert ordered(Order(wait_s), numbered(*came)) == expected


def test_a_packet_that_is_lost_holds_up_others_no_longer_than_said() -> None:
    order = Order(0.1)
    list(order.take(numbered(1)[0], 0.0))
    assert list(order.take(numbered(3)[0], 1.0)) == []
    assert list(order.take(numbered(4)[0], 1.09)) == []
    assert [packet.number for packet, _ in order.due(1.1)] == [3, 4]


def test_another_source_is_another_stream() -> None:
    out = ordered(Order(), numbered(1, 2) + numbered(7, 8, source=2))
    assert out == [(1, False), (2, False), (7, True), (8, False)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x80\xe0\0\1\0\0\0\2\0\0\0\3abc", Packet(96, True, 1, 2, 3, b"abc")),
        (b"\x81\x60\0\1\0\0\0\2\0\0\0\3CSRCabc", Packet(96, False, 1, 2, 3, b"abc")),
        (b"\x90\x60\0\1\0\0\0\2\0\0\0\3\xab\xac\0\1moreabc", Packet(96, False, 1, 2, 3, b"abc")),
        (b"\xa0\x60\0\1\0\0\0\2\0\0\0\3abc\0\0\3", Packet(96, False, 1, 2, 3, b"abc")),
        (b"\xa0\x60\0\1\0\0\0\2\0\0\0\3abc\x10", None),
        (b"\xa0\x60\0\1\0\0\0\2\0\0\0\3abc\0", None),
        (b"\x9f\x60\0\1\0\0\0\2\0\0\0\3abc", None),
        (b"\x90\x60\0\1\0\0\0\2\0\0\0\3\xab\xac\xff\xffabc", None),
        (b"\x40\x60\0\1\0\0\0\2\0\0\0\3abc", None),
        (b"\x80\x60\0\1", None),
    ],
)
def test_a_packets_head_is_read_and_its_lies_are_refused(data: bytes, expected: Packet | None) -> None:
    if expected is None:
        with pytest.raises(NotRtp):
            read(data)
    else:
        assert read(data) == expected


def test_a_sender_report_ties_two_clocks() -> None:
    """RFC 3550 section 6.4.1, with a name and a good-bye behind it."""
    report = bytes.fromhex("80c80006 0000002a ee100000 80000000 00015f90 00000001 00000002".replace(" ", ""))
    compound = packets.read_reports(report + bytes.fromhex("80cb0000"))
    assert compound.reports == (packets.SenderReport(42, 0xEE100000 - 2208988800 + 0.5, 90_000),)
    assert compound.is_over
    with pytest.raises(NotRtp):
        packets.read_reports(report[:-1])


class Nobody:
    def unit(self, kind: str, unit: AccessUnit, at: float) -> None: ...

    def report(self, kind: str, report: SenderReport, at: float) -> None: ...


@pytest.mark.parametrize(
    ("wait_s", "came", "highest"),
    [
        (0, (0xFFFE, 0xFFFF, 0x10000, 0x10001), 0x10001),
        (0, (0xFFFE, 0x10001), 0x10001),  # the number 0 was lost
        (0.1, (0xFFFE, 0x10000, 0xFFFF), 0x10000),  # one came late
        (0, range(0xFFF0, 0x20008), 0x20007),
        (0, (2000, 5, 6), 0x10006),  # numbers begin again
    ],
    ids=["round", "round in a gap", "late", "twice round", "another line"],
)
def test_a_report_says_how_often_numbers_went_round(wait_s: float, came: Iterable[int], highest: int) -> None:
    """RFC 3550 appendix A.1."""
    track = Incoming("audio", 96, PlainDepacketizer(), Nobody(), wait_s=wait_s)
    for number in came:
        track.rtp(struct.pack(">BBHII", 0x80, 96, number & 0xFFFF, number, 42) + b"x", 0.0)
    assert int.from_bytes(track.report(7)[16:20]) == highest


def test_the_report_that_a_sender_is_owed_is_one() -> None:
    report = packets.receiver_report(7, 42, 0x12345, 3)
    assert (report[1], int.from_bytes(report[2:4]), report[8:12]) == (201, 7, (42).to_bytes(4))
    assert packets.read_reports(report) == ((), False)
