"""The door of pictures, with live addresses that are signed, counted as viewers, and cut by the vendor."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from showcam.simulator.camera import Camera
from tests.doubles.troubled.open_platform.segments import SEGMENT_S, Segment, SegmentingStudio
from tests.doubles.troubled.trouble import TroubledWorld

WATCHING_S = 10.0  # an address counts as a viewer this long after its last fetch
NOTICE = "Not H.264"
BEFORE_FIRST_FETCH_S = 5.0  # and this long after it was minted


class Unknown(Exception):
    """The address does not exist, or its signature is wrong."""


class Over(Exception):
    """The address has expired, was disabled, or was cut by the vendor: the client must request a new one."""


@dataclass(slots=True)
class Address:
    id: str
    camera: Camera
    user: str
    quality: int  # 1 the whole picture, 2 the smaller one
    minted: float
    expires: int  # epoch s
    first_fetch: float = 0.0
    last_fetch: float = 0.0
    disabled: bool = False
    notice: Camera | None = None  # the vendor's notice, shown in the camera's place

    @property
    def shown(self) -> Camera:
        return self.notice or self.camera

    @property
    def stem(self) -> str:
        return f"{self.camera.serial}_{self.camera.channel}_{self.quality}"


class Addresses:
    def __init__(self, world: TroubledWorld) -> None:
        self._world = world
        self._key = secrets.token_bytes(32)
        self._all: dict[str, Address] = {}

    def mint(
        self, camera: Camera, user: str, quality: int, life_s: int, only: Literal["h264"] | None = None
    ) -> Address:
        """`only` is the codec that the client plays.

        If the picture has another codec, a film about the codec is shown instead.

        This is a guess: nobody has published the vendor's behaviour.
        """
        now, picture = self._world.now(), camera.picture(quality)
        notice = _notice(camera, quality) if only and picture and picture[0] != only else None
        self._all = {name: known for name, known in self._all.items() if known.expires > now}
        name = str(512628410958159872 + secrets.randbits(56))
        address = self._all[name] = Address(name, camera, user, quality, now, int(now) + life_s, notice=notice)
        return address

    def query(self, address: Address) -> str:
        return f"expire={address.expires}&id={address.id}&t={self._tag(address)}&ev=100"

    def fetched(self, stem: str, query: dict[str, str]) -> Address:
        """Returns the address behind a fetch of its list or a segment. Raises Unknown or Over."""
        address = self._all.get(query.get("id", ""))
        if address is None or address.stem != stem or query.get("expire") != str(address.expires):
            raise Unknown
        if not hmac.compare_digest(self._tag(address).encode(), query.get("t", "").encode()):
            raise Unknown
        now = self._world.now()
        first = address.first_fetch or now
        if address.disabled or address.expires <= now or first + self._world.settings.cut_s <= now:
            raise Over
        address.first_fetch, address.last_fetch = first, now
        return address

    def disable(self, camera: Camera, user: str, name: str | None) -> bool:
        """Disables an address by its id, or all of the user's for this camera. Returns False if there was none."""
        mine = [known for known in self._all.values() if known.camera is camera and known.user == user]
        found = [known for known in mine if name in (None, known.id)]
        for address in found:
            address.disabled = True
        return bool(found)

    def viewers(self, user: str) -> int:
        """Counts the account's addresses that are being watched or about to be."""
        return sum(address.user == user and self._watched(address) for address in self._all.values())

    def _watched(self, address: Address) -> bool:
        now = self._world.now()
        if address.disabled or address.expires <= now:
            return False
        if not address.first_fetch:
            return address.minted + BEFORE_FIRST_FETCH_S > now
        cut = address.first_fetch + self._world.settings.cut_s <= now
        return not cut and address.last_fetch + WATCHING_S > now

    def _tag(self, address: Address) -> str:
        text = f"{address.stem}|{address.expires}|{address.id}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _notice(camera: Camera, quality: int) -> Camera:
    """Returns a camera of no household, whose picture is the vendor's notice."""
    return Camera(f"{camera.key}N{quality}", NOTICE, camera.owner, "", "attic", audio=camera.audio)


LISTED = 5
OF_OTHERS = {"Access-Control-Allow-Origin": "*"}  # nobody knows whether the vendor's server allows other origins
_FILE = re.compile(r"([A-Z0-9]{9}_[0-9]{1,3}_[12])(?:_([0-9]{1,12})\.ts|\.m3u8)")


class PictureDoor:
    def __init__(self, addresses: Addresses, studio: SegmentingStudio) -> None:
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
        return self._segment(address, int(file[2])) if file[2] else await self._list(address)

    async def _list(self, address: Address) -> web.Response:
        if address.camera.picture(address.quality) is None:
            raise web.HTTPNotFound
        segments = await self._studio.segments(address.shown, address.quality)
        text = listing(segments, address.stem, self._addresses.query(address))
        headers = {"Cache-Control": "no-cache", **OF_OTHERS}
        return web.Response(text=text, content_type="application/vnd.apple.mpegurl", headers=headers)

    def _segment(self, address: Address, number: int) -> web.Response:
        segment = self._studio.segment(address.shown, address.quality, number)
        if segment is None:
            raise web.HTTPNotFound
        return web.Response(body=segment.data, content_type="video/mp2t", headers=OF_OTHERS)


def listing(segments: tuple[Segment, ...], stem: str, query: str) -> str:
    """Returns a playlist of the newest consecutive segments; it stands still while the camera sleeps."""
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
