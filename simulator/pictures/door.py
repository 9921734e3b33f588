"""Live video as HLS on the Open Platform's host: a playlist and its segments."""

import re

from aiohttp import web

from simulator.pictures.addresses import Address, Addresses, Over, Unknown
from simulator.pictures.encoder import SEGMENT_S, Segment
from simulator.pictures.studio import Studio
from simulator.state import World

LISTED = 5
_FILE = re.compile(r"([A-Z0-9]{9}_[0-9]{1,3}_[12])(?:_([0-9]{1,12})\.ts|\.m3u8)")


class PictureDoor:
    def __init__(self, world: World, addresses: Addresses, studio: Studio) -> None:
        self._world = world
        self._addresses = addresses
        self._studio = studio

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/v3/openlive/{file}", self.fetch)

    async def fetch(self, request: web.Request) -> web.Response:
        file = _FILE.fullmatch(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        try:
            address = self._addresses.fetched(file[1], dict(request.query))
        except Unknown:
            raise web.HTTPNotFound from None
        except Over:
            raise web.HTTPGone from None
        fault = self._world.settings.hls_fault
        return self._segment(address, int(file[2]), fault) if file[2] else await self._list(address, fault)

    async def _list(self, address: Address, fault: str) -> web.Response:
        if address.camera.picture(address.quality) is None:
            raise web.HTTPNotFound
        segments = await self._studio.segments(address.shown, address.quality)
        text = listing(segments, address.stem, self._addresses.query(address))
        if fault == "ended":
            text += "#EXT-X-ENDLIST\n"
        if fault == "key":
            text = text.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF', 1)
        headers = {"Cache-Control": "no-cache", **_cors(fault)}
        return web.Response(text=text, content_type="application/vnd.apple.mpegurl", headers=headers)

    def _segment(self, address: Address, number: int, fault: str) -> web.Response:
        segment = self._studio.segment(address.shown, address.quality, number)
        if segment is None:
            raise web.HTTPNotFound
        data = _with_other_sound(segment.data) if fault == "sound" else segment.data
        return web.Response(body=data, content_type="video/mp2t", headers=_cors(fault))


def _cors(fault: str) -> dict[str, str]:
    """Whether the vendor's server allows other origins is not known; this one does."""
    return {} if fault == "no_cors" else {"Access-Control-Allow-Origin": "*"}


def _with_other_sound(data: bytes) -> bytes:
    """Names G.711 in the stream's table (stream type 0x90, as surveillance cameras write it) in place of AAC."""
    return data.replace(b"\x0f\xe1\x01\xf0", b"\x90\xe1\x01\xf0")


def listing(segments: tuple[Segment, ...], stem: str, query: str) -> str:
    """A playlist of the newest consecutive segments; it stands still while the camera sleeps."""
    run: list[Segment] = []
    for segment in segments[-LISTED:]:
        run = [*run, segment] if run and run[-1].number + 1 == segment.number else [segment]
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_S}"]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{run[0].number if run else 0}")
    turn = run[0].turn if run else 0
    if turn:
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{turn}")
    for segment in run:
        if segment.turn != turn:
            lines.append("#EXT-X-DISCONTINUITY")
            turn = segment.turn
        lines += [f"#EXTINF:{SEGMENT_S:.3f},", f"{stem}_{segment.number}.ts?{query}"]
    return "\n".join([*lines, ""])
