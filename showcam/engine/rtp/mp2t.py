"""Reads H.264 and AAC from an MPEG transport stream in RTP (RFC 2250, ISO 13818-1)."""

from typing import Literal, NamedTuple

from showcam.engine.codec import h264
from showcam.engine.codec.sound import AAC_SAMPLES, ADTS_BYTES, AacConfig, read_adts
from showcam.engine.rtp.packets import UNIT_CAP, AccessUnit

_SIZE, _SYNC = 188, 0x47
_H264, _AAC = 0x1B, 0x0F  # stream types
_START = b"\x00\x00\x01"
_CLOCK = 90_000
_PATIENCE = 64  # pictures that wait for the first sound, which shows the format of the sound


class _Pes:
    """Joins the packets of one stream; missing ones mark damage."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._is_begun = self._is_damaged = False
        self._counter = -1

    def feed(self, body: bytes, counter: int, *, begins: bool) -> "_Timed | None":
        """The unit that is complete because the next unit begins."""
        done = self._release() if begins else None
        if begins:
            self._is_begun, self._is_damaged = True, False
        elif counter != self._counter + 1 & 0x0F:
            self._is_damaged = True
        self._counter = counter
        if self._is_begun and len(self._data) + len(body) <= UNIT_CAP:
            self._data += body
        else:
            self._is_damaged = True
        return done

    def lose(self) -> None:
        self._is_damaged = True

    def _release(self) -> "_Timed | None":
        data, self._data = bytes(self._data), bytearray()
        if len(data) < 14 or data[:3] != _START or not data[7] & 0x80:
            return None
        a, b, c, d, e = data[9:14]
        time = (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1
        return _Timed(data[9 + data[8] :], time & 0xFFFFFFFF, self._is_damaged)


class _Timed(NamedTuple):
    data: bytes
    timestamp: int
    is_damaged: bool


class TransportDepacketizer:
    """Splits a transport stream. Picture and sound share one clock. `config` describes the sound once it has come."""

    def __init__(self) -> None:
        self._map: int | None = None  # the PID of the program's map
        self._kinds: dict[int, Literal["video", "audio"]] = {}
        self._pes: dict[int, _Pes] = {}
        self._waiting: list[AccessUnit] | None = []  # pictures, until the format of the sound is known
        self.config: AacConfig | None = None

    def feed(self, payload: bytes, timestamp: int, *, marker: bool, lost: bool = False) -> list[AccessUnit]:
        if lost:
            for pes in self._pes.values():
                pes.lose()
        out: list[AccessUnit] = []
        for at in range(0, len(payload) - _SIZE + 1, _SIZE):
            if payload[at] == _SYNC:
                out += self._packet(payload[at : at + _SIZE])
        return self._settled(out) if out else out

    def _settled(self, out: list[AccessUnit]) -> list[AccessUnit]:
        if self._waiting is None:
            return out
        self._waiting += out
        if self.config or "audio" not in self._kinds.values() or len(self._waiting) > _PATIENCE:
            out, self._waiting = self._waiting, None
            return out
        return []

    def _packet(self, packet: bytes) -> list[AccessUnit]:
        begins, pid = bool(packet[1] & 0x40), (packet[1] & 0x1F) << 8 | packet[2]
        control = packet[3] >> 4 & 3
        body = packet[5 + packet[4] if control & 2 else 4 :]
        if not control & 1 or not body:
            return []
        if pid == 0 or pid == self._map:
            if begins:
                self._read_table(pid, body[1 + body[0] :])
            return []
        kind = self._kinds.get(pid)
        if kind is None:
            return []
        done = self._pes[pid].feed(body, packet[3] & 0x0F, begins=begins)
        if done is None:
            return []
        return self._frames(done) if kind == "audio" else [self._picture(done)]

    def _read_table(self, pid: int, table: bytes) -> None:
        """Reads a program list, or the map of the program. A table longer than one packet is skipped."""
        end = 3 + ((table[1] & 0x0F) << 8 | table[2]) - 4 if len(table) > 12 else 0
        if not 8 <= end <= len(table):
            return
        if pid == 0:
            programs = [table[at : at + 4] for at in range(8, end - 3, 4)]
            self._map = next(
                ((program[2] & 0x1F) << 8 | program[3] for program in programs if program[:2] != b"\0\0"), self._map
            )
            return
        kinds: dict[int, Literal["video", "audio"]] = {}
        at = 12 + ((table[10] & 0x0F) << 8 | table[11])
        while at + 5 <= end:
            stream = (table[at + 1] & 0x1F) << 8 | table[at + 2]
            if table[at] == _H264 and "video" not in kinds.values():
                kinds[stream] = "video"
            elif table[at] == _AAC and "audio" not in kinds.values():
                kinds[stream] = "audio"
            at += 5 + ((table[at + 3] & 0x0F) << 8 | table[at + 4])
        if kinds != self._kinds:
            # a map with one more stream costs no picture of the other streams
            same = {pid_of_stream for pid_of_stream, kind in kinds.items() if self._kinds.get(pid_of_stream) == kind}
            self._pes = {
                pid_of_stream: self._pes[pid_of_stream] if pid_of_stream in same else _Pes() for pid_of_stream in kinds
            }
            self._kinds = kinds

    @staticmethod
    def _picture(done: _Timed) -> AccessUnit:
        return AccessUnit(done.data, done.timestamp, h264.is_idr(done.data), done.is_damaged)

    def _frames(self, done: _Timed) -> list[AccessUnit]:
        """Splits a packet of sound into AAC frames, without their ADTS headers."""
        out: list[AccessUnit] = []
        data, at = done.data, 0
        while (head := read_adts(data[at : at + ADTS_BYTES])) and not done.is_damaged:
            if not head.head < head.size <= len(data) - at or not head.config.channels:
                break
            self.config = self.config or head.config
            time = done.timestamp + len(out) * AAC_SAMPLES * _CLOCK // head.config.rate
            out.append(AccessUnit(data[at + head.head : at + head.size], time & 0xFFFFFFFF, is_sound=True))
            at += head.size
        return out
