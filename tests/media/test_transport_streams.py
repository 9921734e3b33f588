"""A transport stream in RTP taken apart, as libav packs it and as a network spoils it."""

import io
from functools import cache

import av

from showcam.engine.codec.sound import adts
from showcam.engine.rtp.mp2t import TransportDepacketizer
from tests.doubles.hls_camera import LENGTH_S
from tests.doubles.rtsp_faults import without_sound
from tests.media.test_rtp import packed_stream


def test_a_transport_stream_is_taken_apart_as_libav_does_it() -> None:
    data = packed_stream()
    depacketizer = TransportDepacketizer()
    out = [
        unit
        for at in range(0, len(data), 7 * 188)
        for unit in depacketizer.feed(data[at : at + 7 * 188], 0, marker=False)
    ]
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        sent = []
        for packet in container.demux():
            if packet.size:
                assert packet.pts is not None
                sent.append((packet.stream.type == "audio", packet.pts & 0xFFFFFFFF, bytes(packet)))
    assert depacketizer.config is not None
    config = depacketizer.config.encode()
    for is_sound in (False, True):
        found = [(unit.timestamp, unit.data) for unit in out if unit.is_sound == is_sound]
        wanted = [(time, body) for kind, time, body in sent if kind == is_sound]
        if is_sound:
            found = [(time, adts(body, config)) for time, body in found]
        # the last of each ends with the next, which does not come
        assert len(wanted) - len(found) < 16
        assert found == wanted[: len(found)]
    assert sum(unit.key for unit in out if not unit.is_sound) == LENGTH_S
    assert not any(unit.damaged for unit in out)


def test_a_map_that_names_the_sound_later_costs_no_picture() -> None:
    """Such a map comes from a muxer whose sound begins late."""
    packets = [packed_stream()[at : at + 188] for at in range(0, len(packed_stream()), 188)]
    kept = TransportDepacketizer()
    wanted = [unit for packet in packets for unit in kept.feed(packet, 0, marker=False)]
    depacketizer = TransportDepacketizer()
    out = []
    for number, packet in enumerate(packets):
        given = without_sound(packet) if number < len(packets) // 2 else packet
        out += depacketizer.feed(given, 0, marker=False)
    assert [unit for unit in out if not unit.is_sound] == [unit for unit in wanted if not unit.is_sound]
    heard = [unit for unit in out if unit.is_sound]
    assert heard
    assert heard == [unit for unit in wanted if unit.is_sound][-len(heard) :]


def test_what_a_transport_stream_lost_is_damage() -> None:
    data = packed_stream()
    whole = len(data) // (7 * 188)
    for gone in range(1, whole, 9):
        depacketizer = TransportDepacketizer()
        out = [
            unit
            for at in range(whole)
            if at != gone
            for unit in depacketizer.feed(data[at * 1316 : (at + 1) * 1316], 0, marker=False, lost=at == gone + 1)
        ]
        undamaged = {unit.data for unit in out if not unit.is_sound and not unit.damaged}
        assert undamaged <= set(_pictures_of(data)), gone


@cache
def _pictures_of(data: bytes) -> tuple[bytes, ...]:
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        return tuple(bytes(packet) for packet in container.demux(video=0) if packet.size)
