"""The page that adds a camera of the owner's own: find it in the house or give its address, try it, name it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, request
from msgspec import Struct
from msgspec.structs import replace

from accounts.console_sessions import ConsoleSession
from console import pages
from console.adding_sentences import (
    ADDRESS,
    BETTER,
    GUESSED,
    LOST,
    NOT_NOW,
    NOT_SET,
    ONLY_BASIC,
    ROOM,
    SEARCHING,
    UNNAMED,
    WHY,
)
from net.cache import Recent
from net.text import line
from registry.drivers.lan.address import BadAddress
from registry.drivers.lan.devices import Device
from registry.drivers.lan.finding import Candidate
from registry.drivers.lan.settling import settled
from registry.drivers.lan.tried import Tried
from registry.drivers.probes.rtsp import OnlyBasic
from registry.errors import DriverError, Refused
from registry.owner.own_cameras import Guessed, NotNow, OwnCameras
from registry.owner.search import Search
from registry.settings import BadValue

AT = "/home/cameras/add"
KEPT_S = 900.0  # so long a camera that was tried waits for its name, with its password, in memory
MANY = 32  # browsers that try a camera
LONGEST = 300  # characters of an address, a user name or a password
LONGEST_NAME, LONGEST_ROOM = 64, 60
_CODECS = {"h264": "H.264", "h265": "H.265"}
_SOUNDS = {"aac": "AAC", "g711u": "G.711", "g711a": "G.711", "opus": "Opus"}

type Current = Callable[[], ConsoleSession | None]


class Kept(Struct, frozen=True):
    """What a browser tried, until `until` by the clock; `missed`: the camera did not take all that was to be set."""

    account: str
    tried: Tried
    until: float
    name: str = ""
    missed: bool = False


@dataclass(frozen=True)
class Picture:
    """A row of what a camera sends; `codec` is "" for a smaller picture that does not come."""

    is_whole: bool
    codec: str = ""
    size: str = ""
    rate: int = 0
    gop_s: float = 0.0
    sound: str = ""


class Adding:
    """`search`: None where there is no house to look through, as in the demo. `clock`: monotonic seconds.

    What was tried holds a password, so it waits in the memory of this process and in no store.
    """

    def __init__(
        self, own: OwnCameras, search: Search | None, current: Current, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._own, self._search, self._current, self._clock = own, search, current, clock
        self._kept: Recent[str, Kept] = Recent(2 * MANY)

    def add_to(self, room: Blueprint) -> None:
        room.add_url_rule(AT, view_func=self.show, methods=["GET"], endpoint="adding")
        room.add_url_rule(AT, view_func=self.take, methods=["POST"], endpoint="add")
        room.add_url_rule(f"{AT}/still.jpg", view_func=self.still, methods=["GET"], endpoint="tried")

    def show(self) -> Response:
        current = self._of_household()
        if current is None:
            return pages.again()
        kept = self._tried(current) if "other" not in request.args else None
        return self._shown(current, kept) if kept else self._page(current)

    def take(self) -> Response:
        current = self._of_household()
        if current is None:
            return pages.again()
        match request.form.get("step", "try"):
            case "find":
                return self._find(current)
            case "try":
                return self._try(current)
            case "improve":
                return self._improve(current)
            case "add":
                return self._add(current)
        return pages.problem("request")

    def still(self) -> Response:
        current = self._of_household()
        kept = self._tried(current) if current else None
        if kept is None:
            return Response(status=404)
        return Response(kept.tried.whole.still, content_type="image/jpeg")

    # the steps

    def _find(self, current: ConsoleSession) -> Response:
        if self._search is None:
            return pages.led(AT)
        account = current.account
        begun = self._search.begin(account, self._own.known(account), look="look" in request.form)
        if not begun and self._search.of(account) is None:  # another household's
            return self._page(current, 409, error=SEARCHING)
        return pages.led(AT)

    def _try(self, current: ConsoleSession) -> Response:
        """Of the device whose button was pressed, else of the address that was typed."""
        form = request.form
        host, typed = form.get("found", ""), form.get("address", "").strip()
        user, password = form.get("user", ""), form.get("password", "")
        if max(map(len, (host, typed, user, password))) > LONGEST:
            return pages.problem("request")
        found = next((each for each in self._found(current) if each.host == host), None) if host else None
        address = _address(found) if found else host or typed
        try:
            endpoint = found.endpoint if found else ""
            tried = self._own.tried(current.account, address, user, password, endpoint=endpoint)
        except (BadAddress, NotNow, DriverError) as error:
            return self._page(current, 403, error=why_not(error), typed=typed or host, user=user)
        name = tried.device.name or (found.name if found else "") or tried.device.model
        self._keep(current, Kept(current.account, tried, self._clock() + KEPT_S, name))
        return pages.led(AT)

    def _improve(self, current: ConsoleSession) -> Response:
        kept = self._tried(current)
        if kept is None:
            return self._page(current, 403, error=LOST)
        try:
            tried, missed = self._own.improved(kept.tried)
        except (NotNow, DriverError) as error:
            return self._shown(current, kept, 403, error=why_not(error))
        self._keep(current, replace(kept, tried=tried, missed=bool(missed)))
        return pages.led(AT)

    def _add(self, current: ConsoleSession) -> Response:
        kept, form = self._tried(current), request.form
        if kept is None:
            return self._page(current, 403, error=LOST)
        name, room = line(form.get("name", "")), line(form.get("room", ""))
        wrong = UNNAMED if not name else ROOM if len(room) > LONGEST_ROOM else ""
        if wrong:
            return self._shown(current, kept, 403, error=wrong)
        try:
            added = self._own.add(current.account, kept.tried, name, room=room, doorbell="doorbell" in form)
        except BadValue:
            return self._shown(current, kept, 403, error=UNNAMED)
        except DriverError as error:
            return self._shown(current, kept, 503, error=why_not(error))
        self._kept.drop(current.id)
        return pages.again(added)

    # what is shown

    def _page(self, current: ConsoleSession, status: int = 200, *, error: str = "", **given: str) -> Response:
        progress = self._search.of(current.account) if self._search else None
        return pages.rendered(
            "adding",
            status,
            error=pages.say(error) if error else "",
            searches=self._search is not None,
            progress=progress,
            found=self._found(current),
            typed=given.get("typed", ""),
            user=given.get("user", ""),
        )

    def _shown(self, current: ConsoleSession, kept: Kept, status: int = 200, *, error: str = "") -> Response:
        tried = kept.tried
        return pages.rendered(
            "tried",
            status,
            error=pages.say(error or (NOT_SET if kept.missed else "")) if error or kept.missed else "",
            name=request.form.get("name", kept.name),
            room=request.form.get("room", ""),
            pictures=pictures_of(tried),
            better=[pages.say(BETTER[each.picture, each.what]) for each in tried.better],
            settable=bool(tried.settable) and not kept.missed,
            without_onvif=tried.found.onvif == "login",
            doorbell="doorbell" in tried.device.events,
            known=_known(tried, self._own.known(current.account)),
        )

    def _found(self, current: ConsoleSession) -> list[Candidate]:
        progress = self._search.of(current.account) if self._search else None
        names = {device.host: device.name for device in self._own.known(current.account)}
        return [replace(each, added=names.get(each.host, "")) for each in (progress.found if progress else None) or ()]

    def _of_household(self) -> ConsoleSession | None:
        current = self._current()
        return current if current and current.account else None

    def _tried(self, current: ConsoleSession) -> Kept | None:
        kept = self._kept.get(current.id)
        return kept if kept and kept.account == current.account and self._clock() < kept.until else None

    def _keep(self, current: ConsoleSession, kept: Kept) -> None:
        self._kept.put(current.id, kept)


def _address(found: Candidate) -> str:
    host = f"[{found.host}]" if ":" in found.host else found.host
    return f"{'https' if found.tls else 'http'}://{host}:{found.at}" if found.at else found.host


def _known(tried: Tried, known: tuple[Device, ...]) -> str:
    """The name of the camera here that it is, "" for none."""
    its = settled(tried.device, known)
    return next((each.name for each in known if (each.id, each.channel) == (its.id, its.channel)), "")


def why_not(error: BadAddress | NotNow | DriverError) -> str:
    """The English sentence, which is said in the browser's language."""
    match error:
        case BadAddress():
            return ADDRESS[error.why]
        case Guessed():
            return GUESSED
        case NotNow():
            return NOT_NOW
        case OnlyBasic():
            return ONLY_BASIC
        case Refused():
            return WHY.get(error.reason, WHY["media_down"])
    return WHY["media_down"]


def pictures_of(tried: Tried) -> list[Picture]:
    device, found = tried.found.device, []
    for picture, watched in ((device.main, tried.whole), (device.sub, tried.smaller)):
        is_whole = picture is device.main
        if picture is None or watched is None:
            continue
        if isinstance(watched, str):
            found.append(Picture(is_whole))
            continue
        gop_s = tried.gop_s(watched, picture)
        size = f"{watched.width}×{watched.height}"
        sound = _SOUNDS.get(picture.sound, "")
        found.append(Picture(is_whole, _CODECS[watched.codec], size, round(watched.rate), gop_s, sound))
    return found
