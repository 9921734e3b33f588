"""The page that adds a camera of the owner's own: find it in the house or give its address, try it, name it."""

from dataclasses import dataclass

from flask import Response, request
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.adding.sentences import (
    ADDRESS,
    BETTER,
    CODECS,
    GUESSED,
    LOST,
    NOT_NOW,
    NOT_SET,
    ONLY_BASIC,
    ROOM,
    SEARCHING,
    SOUNDS,
    UNNAMED,
    WHY,
)
from showcam.console.look import pages
from showcam.console.look.area import FORM, READ, Area, Rule
from showcam.drivers.errors import DriverError, Refused
from showcam.drivers.lan.devices import BadAddress, Device, settled
from showcam.drivers.lan.search import Candidate
from showcam.drivers.lan.trial import Tried
from showcam.drivers.probes.rtsp import OnlyBasic
from showcam.drivers.settings import BadValue
from showcam.net.text import line
from showcam.registry.owner.own_cameras import Guessed, Nameless, NamelessCameras, NotNow, OwnCameras, Search

AT = "/home/cameras/add"
LONGEST = 300  # characters of an address, a user name or a password
LONGEST_NAME, LONGEST_ROOM = 64, 60


@dataclass(frozen=True)
class Picture:
    """A row of the page, about one of the camera's pictures; `codec` is "" for a smaller picture that does not come."""

    is_whole: bool
    codec: str = ""
    size: str = ""
    rate: int = 0
    gop_s: float = 0.0
    sound: str = ""


class Adding:
    """`search` is None in the demo, which has no house to search."""

    def __init__(self, own: OwnCameras, search: Search | None, area: Area) -> None:
        self._own, self._search, self._area = own, search, area
        self._nameless = NamelessCameras()

    def rules(self) -> list[Rule]:
        return [
            (AT, "adding", self.view, FORM),
            (f"{AT}/still.jpg", "tried", self.still, READ),
        ]

    def view(self, current: ConsoleSession) -> Response:
        return self._take(current) if request.method == "POST" else self._show(current)

    def still(self, current: ConsoleSession) -> Response:
        kept = self._tried(current)
        return pages.jpeg(kept.tried.whole.still) if kept else Response(status=404)

    def _show(self, current: ConsoleSession) -> Response:
        kept = self._tried(current) if "other" not in request.args else None
        return self._shown(current, kept) if kept else self._page(current)

    def _take(self, current: ConsoleSession) -> Response:
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

    # the steps

    def _find(self, current: ConsoleSession) -> Response:
        if self._search is None:
            return pages.led(AT)
        account = current.account
        begun = self._search.begin(account, self._own.known(account), look="look" in request.form)
        if not begun and self._search.of(account) is None:  # another household is searching
            return self._page(current, 409, error=SEARCHING)
        return pages.led(AT)

    def _try(self, current: ConsoleSession) -> Response:
        """Tries the device whose button was pressed, else the address that was typed."""
        form = request.form
        host, typed = form.get("found", ""), form.get("address", "").strip()
        user, password = form.get("user", ""), form.get("password", "")
        if max(map(len, (host, typed, user, password))) > LONGEST:
            return pages.problem("request")
        found = next((camera for camera in self._found(current) if camera.host == host), None) if host else None
        address = _address(found) if found else host or typed
        try:
            endpoint = found.endpoint if found else ""
            tried = self._own.tried(address, user, password, endpoint=endpoint)
        except (BadAddress, NotNow, DriverError) as error:
            return self._page(current, 403, error=why_not(error), typed=typed or host, user=user)
        name = tried.device.name or (found.name if found else "") or tried.device.model
        self._keep(current, Nameless(current.account, tried, name))
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
        self._nameless.drop(current.id)
        return pages.again(added)

    # the pages

    def _page(self, current: ConsoleSession, status: int = 200, *, error: str = "", **given: str) -> Response:
        progress = self._search.of(current.account) if self._search else None
        return self._area.page(
            "adding/page",
            status,
            error=pages.say(error) if error else "",
            searches=self._search is not None,
            progress=progress,
            found=self._found(current),
            typed=given.get("typed", ""),
            user=given.get("user", ""),
        )

    def _shown(self, current: ConsoleSession, kept: Nameless, status: int = 200, *, error: str = "") -> Response:
        tried = kept.tried
        return self._area.page(
            "adding/tried",
            status,
            error=pages.say(error or (NOT_SET if kept.missed else "")) if error or kept.missed else "",
            name=request.form.get("name", kept.name),
            room=request.form.get("room", ""),
            pictures=pictures_of(tried),
            better=[pages.say(BETTER[change.picture, change.what]) for change in tried.better],
            settable=bool(tried.settable) and not kept.missed,
            without_onvif=tried.found.onvif == "login",
            doorbell="doorbell" in tried.device.events,
            known=_known(tried, self._own.known(current.account)),
        )

    def _found(self, current: ConsoleSession) -> list[Candidate]:
        progress = self._search.of(current.account) if self._search else None
        names = {device.host: device.name for device in self._own.known(current.account)}
        found = (progress.found if progress else None) or ()
        return [replace(camera, added=names.get(camera.host, "")) for camera in found]

    def _tried(self, current: ConsoleSession) -> Nameless | None:
        return self._nameless.of(current.id, current.account)

    def _keep(self, current: ConsoleSession, camera: Nameless) -> None:
        self._nameless.put(current.id, camera)


def _address(found: Candidate) -> str:
    host = f"[{found.host}]" if ":" in found.host else found.host
    return f"{'https' if found.tls else 'http'}://{host}:{found.at}" if found.at else found.host


def _known(tried: Tried, known: tuple[Device, ...]) -> str:
    """Returns the name that this household already gave the tried camera, or "" if the camera is new."""
    its = settled(tried.device, known)
    return next((device.name for device in known if (device.id, device.channel) == (its.id, its.channel)), "")


def why_not(error: BadAddress | NotNow | DriverError) -> str:
    """Returns the English sentence; the page says it in the browser's language."""
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
        sound = SOUNDS.get(picture.sound, "")
        found.append(Picture(is_whole, CODECS[watched.codec], size, round(watched.rate), gop_s, sound))
    return found
