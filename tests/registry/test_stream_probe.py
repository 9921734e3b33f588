"""The vendor's own streams, read and judged: which codecs are in one, and what a display can take."""

import struct
from collections import Counter

import pytest

from showcam.drivers.driver import Probed
from showcam.drivers.errors import DriverError
from showcam.drivers.probes import hls
from showcam.drivers.probes.hls import NoTables, stream_types
from showcam.drivers.vendor import VendorHttp
from showcam.net.exchange import Hosts
from tests.doubles.tls_vendor import Vendor, Vendors, answer
from tests.doubles.waiting import LONG_S

ANY = "Access-Control-Allow-Origin: *"


def section(kind: int, number: int, body: bytes) -> bytes:
    length = len(body) + 9
    return struct.pack(">BHHBBB", kind, 0xB000 | length, number, 0xC1, 0, 0) + body + b"crc!"


def packet(pid: int, payload: bytes, *, begins: bool = True) -> bytes:
    head = struct.pack(">BHB", 0x47, (0x4000 if begins else 0) | pid, 0x10)
    return (head + (b"\0" if begins else b"") + payload).ljust(188, b"\xff")


def transport(*types: int, described: bytes = b"") -> bytes:
    rows = b"".join(
        struct.pack(">BHH", kind, 0xE100 + at, 0xF000 | len(described)) + described for at, kind in enumerate(types)
    )
    pat = section(0, 1, struct.pack(">HHHH", 0, 0xE010, 1, 0xF000))
    return (
        packet(0, pat) + packet(0x1000, section(2, 1, struct.pack(">HH", 0xE100, 0xF000) + rows)) + packet(0x100, b"x")
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (transport(0x1B, 0x0F), {0x1B, 0x0F}),
        (transport(0x1B, 0x0F, described=b"\x0a\x04eng\0"), {0x1B, 0x0F}),
        (transport(0x24), {0x24}),
        (transport(0x1B, 0x15), {0x1B}),
        (transport(), set()),
        (packet(0x100, b"x", begins=False) + transport(0x1B), {0x1B}),
        (b"", None),
        (b"\x47" + bytes(400), None),
        (b"ftyp" * 100, None),
        (transport(0x1B)[:188], None),
        (packet(0, section(0, 1, b"")), None),
        (packet(0, b"\0\xb0\xff" + bytes(20)), None),
    ],
)
def test_the_codecs_in_a_transport_stream(data: bytes, expected: set[int] | None) -> None:
    if expected is None:
        with pytest.raises(NoTables):
            stream_types(data)
    else:
        assert stream_types(data) == expected


MEDIA = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n0.ts?t=s\n#EXTINF:2,\n1.ts?t=s\n"
CLEAR = MEDIA.replace("#EXTINF", "#EXT-X-KEY:METHOD=NONE\n#EXTINF")
MP4 = MEDIA.replace("#EXTINF", '#EXT-X-MAP:URI="i"\n#EXTINF')
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,{}\nlive.m3u8\n"
BOTH = 'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720'
NOTHING_YET = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
KEY = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://METHOD=NONE"\n'
KEYED = MEDIA.replace("#EXTINF", KEY + "#EXTINF")


def in_ts(codecs: str, beside: str) -> dict[str, object]:
    """A vendor's files in MPEG-TS: the master playlist has `codecs`, and `beside` after it."""
    return {"m": MASTER.format(codecs) + beside, "live.m3u8": MEDIA, "1.ts": transport(0x1B, 0x0F)}


class Shop(dict[str, object]):
    """Answers by path, each time with the next of several; what is missing is 404."""

    def __init__(self, files: dict[str, object]) -> None:
        super().__init__(files)
        self.requests: Counter[str] = Counter()

    def reply(self, requested: str, _body: bytes, headers: dict[str, str]) -> bytes:
        assert headers["origin"] == hls.PLAYER
        name = requested.partition(" ")[2].partition("?")[0].strip("/")
        found = self.get(name)
        if found is None:
            return answer(b"", "404 Not Found", ANY)
        if isinstance(found, list):
            found = found[min(self.requests[name], len(found) - 1)]
        self.requests[name] += 1
        return (
            found if isinstance(found, bytes) and found.startswith(b"HTTP/") else answer(_bytes(found), "200 OK", ANY)
        )


def _bytes(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    assert isinstance(body, bytes)
    return body


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"m": MEDIA, "1.ts": transport(0x1B, 0x0F)}, Probed(sound=True)),
        ({"m": MEDIA, "1.ts": transport(0x1B)}, Probed(sound=False)),
        ({"m": CLEAR, "1.ts": transport(0x1B)}, Probed(sound=False)),
        # longer than all that a vendor may answer with, and whoever ignores ranges sends it whole
        ({"m": MEDIA, "1.ts": transport(0x1B, 0x0F) + bytes(2_000_000)}, Probed(sound=True)),
        ({"m": [NOTHING_YET, MEDIA], "1.ts": transport(0x1B)}, Probed(sound=False)),
        ({"m": [NOTHING_YET, MEDIA.replace("#EXTINF", KEY + "#EXTINF")], "1.ts": transport(0x1B)}, "not_passable"),
        ({"m": [NOTHING_YET, MEDIA + "#EXT-X-ENDLIST\n"], "1.ts": transport(0x1B)}, "not_passable"),
        (in_ts(BOTH, "") | {"live.m3u8": MP4}, "not_passable"),
        (in_ts(BOTH, "") | {"live.m3u8": [NOTHING_YET, KEYED]}, "not_passable"),
        (in_ts(BOTH, "") | {"1.ts": None}, "vendor_down"),
        ({"m": MP4, "1.ts": transport(0x1B)}, "not_passable"),
        # the master
        (in_ts(BOTH, ""), Probed(True, 1280, 720)),
        (in_ts(BOTH, KEY.replace("KEY", "SESSION-KEY")), "not_passable"),
        (in_ts(BOTH, '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="a"\n'), "not_passable"),
        (in_ts(BOTH, '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a"\n'), Probed(True, 1280, 720)),
        ({"m": MASTER.format('CODECS="hvc1.1.6.L93"'), "live.m3u8": MEDIA}, "not_playable"),
        ({"m": MASTER.format('CODECS="avc1.64001f,ac-3"'), "live.m3u8": MEDIA}, "not_passable"),
        (in_ts(f"{BOTH},{'A' * 3000}", ""), Probed(True, 1280, 720)),
        (in_ts(BOTH, f"#EXT-X-KEY:{'A' * 40_000}\n"), "not_passable"),
        (in_ts(f"{BOTH},RESOLUTION={'9' * 3500}x1", ""), Probed(True)),
        ({"m": MASTER.format("RESOLUTION=axb"), "live.m3u8": MEDIA, "1.ts": transport(0x1B)}, Probed(sound=False)),
        ({"m": MASTER.format(BOTH)}, "vendor_down"),
        ({"m": MEDIA, "1.ts": transport(0x24, 0x0F)}, "not_playable"),
        ({"m": MEDIA, "1.ts": transport(0x1B, 0x90)}, "not_passable"),
        ({"m": MEDIA, "1.ts": transport(0x0F)}, "not_passable"),
        ({"m": MEDIA, "1.ts": b"\xff" * 500}, "not_passable"),
        ({"m": MEDIA}, "vendor_down"),
        ({"m": MEDIA + "#EXT-X-ENDLIST\n"}, "not_passable"),
        ({"m": MEDIA.replace("#EXTINF", KEY + "#EXTINF"), "1.ts": transport(0x1B)}, "not_passable"),
        ({"m": MEDIA.replace("#EXT-X-TARGETDURATION:2\n", "")}, "not_passable"),
        ({"m": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"}, "vendor_down"),
        ({"m": "<html>"}, "not_passable"),
        ({"m": b"\xff\xfe\x00"}, "not_passable"),
        ({"m": ""}, "not_passable"),
        ({"m": answer(MEDIA.encode())}, "not_passable"),
        ({"m": answer(MEDIA.encode(), "200 OK", ANY.replace("*", "https://other.example"))}, "not_passable"),
        ({"m": answer(MEDIA.encode(), "200 OK", ANY.replace("*", hls.PLAYER)), "1.ts": transport(0x1B)}, Probed(False)),
        ({"m": MEDIA, "1.ts": answer(transport(0x1B))}, "not_passable"),
        ({"m": answer(b"", "302 Found", "Location: /elsewhere", ANY)}, "vendor_down"),
        # what lies at another host is nobody's we know
        ({"m": MEDIA.replace("1.ts", "https://192.168.1.1/1.ts")}, "vendor_down"),
        ({"m": MEDIA.replace("1.ts", "http://127.0.0.1/1.ts")}, "vendor_down"),
        ({"m": MEDIA.replace("1.ts", "file:///etc/passwd")}, "vendor_down"),
    ],
)  # fmt: skip
def test_a_stream_is_read_and_judged(vendors: Vendors, files: dict[str, object], expected: Probed | str) -> None:
    vendor: Vendor = vendors.answering(Shop(files).reply)
    http = VendorHttp(Hosts((vendor.host,)), vendor.ca_file)
    if isinstance(expected, Probed):
        assert hls.examine(http, f"{vendor.url}/m?t=s", LONG_S) == expected
        return
    within_s = LONG_S if expected == "not_passable" else 1.5  # in which a list without segments may get some
    with pytest.raises(DriverError) as caught:
        hls.examine(http, f"{vendor.url}/m?t=s", within_s)
    assert caught.value.reason == expected
    assert "t=s" not in str(caught.value)
