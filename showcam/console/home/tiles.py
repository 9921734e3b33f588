"""The console's tile of each camera: a live picture, or why there is none and what to do."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.home.encryption import Steps, Switching
from showcam.console.home.mends import Mend, Mends, is_asked_for
from showcam.console.home.sentences import (
    AGAIN,
    ASK_AN_OWNER,
    ASKED_FOR,
    AT_ITS_TILE,
    BY_ITSELF,
    BY_ITSELF_SHARED,
    HERE,
    KEY_MISSING,
    OWN,
)
from showcam.drivers.camera import Camera, Refusal, Stream, StreamRequest, Surface, is_on_battery, is_own
from showcam.drivers.errors import Reason, Unavailable
from showcam.drivers.vendor import Sentence
from showcam.engine.source import WAKING_S
from showcam.i18n.catalogue import OURS, Language, mark
from showcam.registry.gate.gate import overruled
from showcam.registry.gate.reasons import row_text
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import WhileEncrypted
from showcam.registry.readings.changes import AwaitedChanges as Changes
from showcam.registry.readings.judge import Row
from showcam.store.ports import Store
from showcam.store.records import Assistant, Link

ASSISTANTS: tuple[Assistant, ...] = ("alexa", "google")
SHOWN_ON: tuple[Surface, ...] = ("page", *ASSISTANTS)
ENDS_BY_ITSELF = frozenset(
    {"asked_for", "no_internet", "vendor_down", "vendor_busy", "waking", "media_down"}
    | {"busy", "too_often", "household_full", "machine_full"}
)
# Why a camera is not shown, if its tile takes a code.
AT_TILE: Mapping[Reason, Sentence] = {
    "code_wrong": HERE["code_wrong"],
    "no_way": ("", mark("Give the code on its label.")),
}
WAKES_S = round(WAKING_S) + 5


# takes: a code may be given. has: a code is stored; another may be given, or it may be deleted. "": no code is taken.
type HomeCode = Literal["", "takes", "has"]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """The page's request to see a camera: an SDP offer, or "" for HLS.

    `session`: the page's name for the WebRTC session. `largest`: width and height of the largest picture wanted.
    """

    session: str
    sdp: str = ""
    largest: tuple[int, int] | None = None


class WhyNot(TypedDict):
    """`reason` is "asked_for" if the picture comes automatically, as soon as the camera shows the change."""

    wrong: str
    mend: str
    reason: str
    mends: NotRequired[tuple[Mend, ...]]  # the owner's possible actions here


class Shown(TypedDict):
    """The answer to the offer or a playlist's address; and how the picture comes, for a person.

    `wakes_s`: the longest time until the camera has woken.
    """

    way: str
    sdp: NotRequired[str]
    hls: NotRequired[str]
    wakes_s: NotRequired[int]


class Shows(Struct, frozen=True):
    """Whether each assistant could show the camera, None if no link of the assistant has the camera.

    `why_not` is set if an assistant could not show the camera and the page could.
    """

    alexa: bool | None
    google: bool | None
    why_not: WhyNot | None


class Tile(Struct, frozen=True):
    """`starts`: whether the picture begins with the page; a camera on battery waits for a press, which wakes it.

    `switching`: the vendor's demand before Image Encryption goes off. `key`: the demand before the vendor gives the
    camera's key. `decided`: the owner's decision to show the camera though it is encrypted, made at `decided_at`, epoch
    seconds or 0.
    """

    id: str
    name: str
    about: str
    on_battery: bool
    why_not: WhyNot | None
    switching: Switching | None
    key: Switching | None
    decided: WhileEncrypted
    decided_at: float
    home_code: HomeCode
    is_encrypted: bool
    is_asked_itself: bool
    shows: Shows
    battery: int | None = None
    has_sound: bool = False
    last_at: float = 0.0  # when its last still was taken; 0: none is kept
    is_favourite: bool = False
    room: str = ""

    @property
    def has_still(self) -> bool:
        """Tells whether the tile has a still that renews itself, which would empty a camera on battery."""
        return self.starts

    @property
    def starts(self) -> bool:
        return self.why_not is None and not self.on_battery

    @property
    def mends(self) -> tuple[Mend, ...]:
        return self.why_not.get("mends", ()) if self.why_not else ()


class Tiles:
    def __init__(self, owner: Owner, links: Store) -> None:
        self._links = links
        self._owner, self._mends = owner, Mends(owner)

    def of(self, current: ConsoleSession, language: Language, steps: Steps) -> list[Tile]:
        """Returns the household's tiles: favourites first, then by room, then by name. Raises Unavailable."""
        account = current.account
        rows, awaited = self._owner.readiness(account, SHOWN_ON), self._owner.awaited(account)
        links, is_whole = self._links.links(account), not self._owner.waiting(account)
        last = self._owner.last_stills.times(account, [camera for camera, _ in rows], is_whole=is_whole)
        tiles = [self._tile(current, row, awaited, links, steps, language) for row in rows]
        tiles.sort(key=_place)
        return [replace(tile, last_at=last.get(tile.id, 0.0)) for tile in tiles]

    def undecided(self, account: str) -> tuple[Camera, ...]:
        """Returns own encrypted cameras that one tick may cover; a single camera has its tile for that.

        Raises Unavailable.
        """
        found = self._owner.encrypted.undecided(account, self._owner.cameras(account).cameras)
        return tuple(sorted(found, key=lambda camera: camera.name.casefold())) if len(found) > 1 else ()

    def _tile(
        self,
        current: ConsoleSession,
        row: Row,
        awaited: Changes,
        links: Sequence[Link],
        steps: Steps,
        language: Language,
    ) -> Tile:
        account, (camera, verdicts) = current.account, row
        preferences = self._owner.preferences(account, camera.id)
        refused = [surface for surface in SHOWN_ON if isinstance(verdicts[surface], Refusal)]
        why: WhyNot | None = None
        if refused and isinstance(first := verdicts[refused[0]], Refusal):
            why = self._why_not(current, first, camera, awaited, language)
        on_page = "page" in refused
        have = {link.assistant for link in links if link.cameras is None or camera.id in link.cameras}
        shows = {surface: surface not in refused if surface in have else None for surface in ASSISTANTS}
        return Tile(
            camera.id,
            camera.name,
            _about(camera),
            is_on_battery(camera),
            why if on_page else None,
            steps.off.get(camera.id),
            steps.key.get(camera.id),
            preferences.while_encrypted if camera.encryption != "none" else "no",
            preferences.decided_at,
            self._home_code(account, camera),
            camera.encryption == "on",
            "local" in camera.ways,
            Shows(shows["alexa"], shows["google"], None if on_page else why),
            camera.battery,
            camera.audio in ("on", "unknown"),
            is_favourite=preferences.favourite,
            room=preferences.room,
        )

    def open(self, current: ConsoleSession, camera_id: str, wish: Asked, language: Language) -> Stream | WhyNot:
        """Opens a stream of the camera, or says why not. Raises BadOffer."""
        account = current.account
        protocols = ("webrtc", "hls") if wish.sdp else ("hls",)
        request = StreamRequest("page", protocols, wish.sdp or None, session=wish.session, largest=wish.largest)
        found = self._owner.open_stream(account, current.id, camera_id, request)
        if not isinstance(found, Refusal):
            return found
        camera = self._mends.found(account, camera_id, found.reason)
        return self._why_not(current, found, camera, self._owner.awaited(account), language)

    def _why_not(
        self, current: ConsoleSession, refusal: Refusal, camera: Camera | None, awaited: Changes, language: Language
    ) -> WhyNot:
        """Explains the first reason; the next is read once the first is fixed. Only an owner gets `mends`."""
        account = current.account
        by_itself = BY_ITSELF_SHARED if refusal.shared else BY_ITSELF
        if camera is None:
            return why_not(refusal, language, {**OWN, **by_itself})
        if is_asked_for(camera, refusal.reason, awaited):
            return {**why_not(refusal, language, ASKED_FOR), "reason": "asked_for"}
        mends = self._mends.of(account, camera, refusal.reason)
        is_here = bool(set(mends) - {"home_code"}) and (refusal.reason != "encryption_on" or "off" in mends)
        own = {**OWN, **(AT_TILE if self._owner.codes.takes(account, camera) else {}), **(HERE if is_here else {})}
        if not is_on_battery(camera):
            own |= by_itself
        if is_own(camera.id):
            own |= AT_ITS_TILE
        if refusal.reason == "encryption_on" and self._owner.encrypted.is_again(account, camera.id):
            own["encryption_on"] = (AGAIN, own["encryption_on"][1])
        if refusal.reason == "encryption_on" and self._lacks_key(account, camera):
            own["encryption_on"] = KEY_MISSING
        answer = why_not(refusal, language, own)
        if mends and current.role == "owner":
            answer["mends"] = mends
        elif mends:
            answer["mend"] = OURS.say(language, ASK_AN_OWNER)
        return answer

    def _home_code(self, account: str, camera: Camera) -> HomeCode:
        if not self._owner.codes.takes(account, camera):
            return ""
        return "has" if "lan" in camera.ways else "takes"

    def _lacks_key(self, account: str, camera: Camera) -> bool:
        decided = self._owner.preferences(account, camera.id).while_encrypted
        return decided == "code" and camera.picture_code == "none"


def why_not(refusal: Refusal, language: Language, own: Mapping[Reason, Sentence] = OWN) -> WhyNot:
    wrong, mend = row_text(
        refusal.reason,
        language,
        refusal.camera,
        refusal.vendor,
        own,
        shared=refusal.shared,
        battery=refusal.battery,
        relays=refusal.relays,
    )
    return {"wrong": wrong, "mend": mend, "reason": refusal.reason}


def unlisted(error: Unavailable, language: Language) -> WhyNot:
    """Says why there is no list of cameras."""
    return why_not(overruled(error.reason, None, error.vendor), language, {**OWN, **BY_ITSELF})


def shown(stream: Stream, own_media: str | None, way: str) -> Shown:
    """`own_media`: see `at_own_media`."""
    answer: Shown = {"way": way}
    if stream.protocol == "webrtc":
        answer["sdp"] = stream.answer
    else:
        answer["hls"] = at_own_media(stream.url, own_media)
    if stream.camera is not None and is_on_battery(stream.camera):
        answer["wakes_s"] = WAKES_S
    return answer


def at_own_media(url: str, own_media: str | None) -> str:
    """`own_media`: the origin of this machine's media process for this page's browser, "" for the page's own origin.

    None: video comes from elsewhere.
    """
    return url if own_media is None else f"{own_media}{urlsplit(url).path}"


def _place(tile: Tile) -> tuple[object, ...]:
    """Returns a key for sorting tiles. Cameras without a room stand after the rooms."""
    return not tile.is_favourite, not tile.room, in_order(tile.room), in_order(tile.name)


def in_order(name: str) -> tuple[tuple[int, str], ...]:
    """Returns a key for sorting names as people do: “Door 2” stands before “Door 10”."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+|[0-9]+", name.casefold())
    return tuple((int(part), "") if part.isdecimal() and len(part) < 19 else (-1, part) for part in parts)


def _about(camera: Camera) -> str:
    about = [camera.model, *([f"{camera.battery} %"] if camera.battery is not None else [])]
    return " · ".join(filter(None, about))
