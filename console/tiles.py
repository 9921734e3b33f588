"""What the console shows of each camera: a live picture, or why there is none and what to do."""

import contextlib
from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from console.picture_codes import PictureCodes
from console.sentences import OPEN_WAY, OWN
from registry.camera import UNASKED, Camera, Refusal, Stream, StreamRequest
from registry.errors import Unavailable
from registry.gate.gate import Allowed, overruled
from registry.gate.reasons import row_text
from registry.owner.owner import Owner
from registry.reason import Reason
from registry.vendor import Sentence
from words.languages import Language


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends to see a camera: an SDP offer, or "" to have HLS. `session`: its name for the WebRTC one."""

    session: str
    sdp: str = ""


class WhyNot(TypedDict):
    wrong: str
    mend: str
    reason: str
    ask: NotRequired[Literal["open_way"]]  # what the owner may allow by a button


class Shown(TypedDict):
    """One of them: the answer to the offer, or a playlist's address."""

    sdp: NotRequired[str]
    hls: NotRequired[str]


class Tile(Struct, frozen=True):
    """`starts`: whether its picture begins with the page; a camera on battery waits for a press.

    `code`: whether the code that deciphers its picture is asked for, or may be forgotten.
    """

    id: str
    name: str
    about: str
    starts: bool
    why_not: WhyNot | None
    code: Literal["", "wanted", "given"] = ""


class Tiles:
    def __init__(self, owner: Owner) -> None:
        self._owner, self._codes = owner, PictureCodes(owner)

    def of(self, account: str, language: Language) -> list[Tile]:
        """Those that can be shown first, in the order of their names. Raises Unavailable."""
        rows = self._owner.readiness(account, ("page",))
        tiles = [
            self._with_code(account, camera, _tile(camera, verdicts["page"], language)) for camera, verdicts in rows
        ]
        return sorted(tiles, key=lambda tile: (tile.why_not is not None, tile.name.casefold()))

    def _with_code(self, account: str, camera: Camera, tile: Tile) -> Tile:
        """Where the code would help, the tile asks for it; where it was given, it offers to forget it."""
        code = self._codes.standing(account, camera)
        of_code = tile.why_not is not None and tile.why_not["reason"] in ("encryption_on", "code_wrong")
        return replace(tile, code=code) if of_code or code == "given" else tile

    def open(self, account: str, session: str, camera_id: str, asked: Asked, language: Language) -> Stream | WhyNot:
        """Raises BadOffer."""
        protocols = ("webrtc", "hls") if asked.sdp else ("hls",)
        request = StreamRequest("page", protocols, asked.sdp or None, session=asked.session)
        found = self._owner.open_stream(account, session, camera_id, request)
        if isinstance(found, Refusal):
            return self._why_not(account, camera_id, found, language)
        return found

    def _why_not(self, account: str, camera_id: str, refusal: Refusal, language: Language) -> WhyNot:
        camera = None
        if refusal.reason == "no_way":
            with contextlib.suppress(Unavailable):  # then no button is offered
                listed = self._owner.cameras(account).cameras
                camera = next((found for found in listed if found.id == camera_id), None)
        return why_not(refusal, camera, language)


def why_not(refusal: Refusal, camera: Camera | None, language: Language) -> WhyNot:
    """The first reason: the next is read once that is mended."""
    asks = refusal.reason == "no_way" and camera is not None and UNASKED in camera.ways
    own: Mapping[Reason, Sentence] = {"no_way": OPEN_WAY} if asks else OWN
    wrong, mend = row_text(refusal.reason, language, refusal.camera, refusal.vendor, own)
    answer: WhyNot = {"wrong": wrong, "mend": mend, "reason": refusal.reason}
    if asks:
        answer["ask"] = "open_way"
    return answer


def unlisted(error: Unavailable, language: Language) -> WhyNot:
    """Why there is no list of cameras."""
    return why_not(overruled(error.reason, None, error.vendor), None, language)


def shown(stream: Stream, own_media: str | None) -> Shown:
    """`own_media`: where this page's browser reaches this machine's media process, "" for the page's own origin.

    None: pictures come from elsewhere.
    """
    if stream.protocol == "webrtc":
        return {"sdp": stream.answer}
    return {"hls": stream.url if own_media is None else f"{own_media}{urlsplit(stream.url).path}"}


def _tile(camera: Camera, verdict: Allowed | Refusal, language: Language) -> Tile:
    about = [camera.model, *([f"{camera.battery} %"] if camera.battery is not None else [])]
    on_battery = camera.battery is not None or camera.charging != "none"
    return Tile(
        camera.id,
        camera.name,
        " · ".join(filter(None, about)),
        starts=not on_battery,
        why_not=why_not(verdict, camera, language) if isinstance(verdict, Refusal) else None,
    )
