"""Cameras in the house: the search for them, and how their owner adds, renames, moves and removes them.

`Tried` is a camera that is not added yet.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts import households
from showcam.drivers.errors import DriverError, Refused
from showcam.drivers.lan.adding import Adding
from showcam.drivers.lan.devices import Address, Device, Devices, moved, named, settled
from showcam.drivers.lan.devices import read_address as read
from showcam.drivers.lan.onvif import ANSWER_S, OnvifFailed
from showcam.drivers.lan.search import Candidate, Heard
from showcam.drivers.lan.trial import Better, Tried, Watch, improve, tried
from showcam.drivers.settings import BadValue
from showcam.net.cache import Recent
from showcam.net.exchange import exchange_within
from showcam.registry.owner.owner import Owner
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import HOUR_S, Source, camera_id

log = logging.getLogger(__name__)

ASKED_S = 8.0  # for all HTTP requests to a camera, whatever it answers
TOGETHER = 2  # cameras that are tried at once: each takes a thread of the pages for seconds
WRONG = 3  # passwords that are sent to an address in an hour: some cameras lock

type Asks = Callable[[], Sequence[Candidate]]
KEPT_S = 900.0  # a found or tried camera is shown for this time, until the owner names it: addresses change
MANY = 64  # browsers with a nameless camera

type Find = Callable[[Sequence[Device], bool, Heard], Sequence[Candidate]]


class NotNow(Exception):
    """The camera was asked nothing: it refused too many passwords, or others are being tried."""


class Guessed(NotNow):
    """Its address refused WRONG passwords within an hour."""


class OwnCameras:
    """Raises Refused as a camera answers, BadAddress, BadValue, NotNow, and DriverError by the store.

    `watch`: watches a picture for a moment. `asks`: finds cameras by WS-Discovery; None: none are asked. `loopback`:
    cameras may be on this machine, for the demo. `clock`: epoch seconds.
    """

    def __init__(
        self,
        store: Store,
        owner: Owner,
        devices: Devices,
        adding: Adding,
        watch: Watch,
        asks: Asks | None,
        *,
        loopback: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._owner, self._devices, self._adding = store, owner, devices, adding
        self._watch, self._asks, self._loopback, self._clock = watch, asks, loopback, clock
        self._room = threading.BoundedSemaphore(TOGETHER)

    def known(self, account_id: str) -> tuple[Device, ...]:
        source = self._source(account_id)
        return self._devices.read(source) if source else ()

    def find(self, account_id: str, camera: str) -> Device | None:
        """The device that the camera's id stands for."""
        account = self._store.account(account_id)
        if account is None:
            return None
        kind = self._devices.kind
        return next(
            (
                device
                for device in self.known(account_id)
                if camera_id(account.salt, kind, device.id, device.channel) == camera
            ),
            None,
        )

    def tried(self, address: str, user: str, password: str, *, endpoint: str = "") -> Tried:
        """The camera at that address, after a try. `endpoint`: from its answer to WS-Discovery, if any."""
        at = read(address, loopback=self._loopback)
        with self._turn(), self._try(at.host), exchange_within(ASKED_S):
            found = self._adding.look(at, user, password)
            found = replace(found, device=replace(found.device, endpoint=endpoint))
            return tried(found, self._watch)

    def improved(self, shown: Tried) -> tuple[Tried, tuple[Better, ...]]:
        """Sets the better values by ONVIF and watches the camera again. Also returns the values it refused."""
        wanted = shown.settable
        with self._turn():
            try:
                with exchange_within(ASKED_S):
                    done = improve(self._adding.onvif(shown.found.device), wanted, shown.profiles, ANSWER_S)
                    profiles = self._adding.onvif(shown.found.device).profiles(ANSWER_S)
            except OnvifFailed:
                return shown, wanted
            again = tried(replace(shown.found, profiles=profiles), self._watch)
        return again, tuple(change for change in wanted if change not in done)

    def add(self, account_id: str, shown: Tried, name: str, *, room: str = "", doorbell: bool = False) -> str:
        """Adds the camera and returns its id. A camera that was added before keeps the id and gets the new data."""
        source = households.with_lan(self._store, account_id)
        device = named(settled(shown.device, self._devices.read(source)), name, doorbell=doorbell)
        if device is None:
            raise BadValue("a camera needs a name")
        self._devices.put(source, device)
        account = self._store.account(account_id)
        assert account is not None  # it has a source
        added = camera_id(account.salt, source.kind, device.id, device.channel)
        if room:
            self._owner.prefer(account_id, added, replace(self._owner.preferences(account_id, added), room=room))
        if not device.endpoint and self._asks is not None:
            args = (source, device, self._asks)
            threading.Thread(target=self._note_endpoint, args=args, name="endpoint", daemon=True).start()
        return added

    def rename(self, account_id: str, device: Device, name: str) -> None:
        changed = named(device, name)
        if changed is None:
            raise BadValue("a camera needs a name")
        self._change(account_id, device, lambda stored: replace(stored, name=changed.name))

    def login(self, account_id: str, device: Device, user: str, password: str) -> None:
        """Stores another user and password, after a try at the camera."""
        at = Address("rtsp", device.host, device.port, device.main.path)
        self._found_again(account_id, device, at, user, password)

    def move(self, account_id: str, device: Device, address: str) -> None:
        """Stores another address, after a try there with the known user and password."""
        at = read(address, loopback=self._loopback)
        self._found_again(account_id, device, at, device.user, device.password)

    def remove(self, account_id: str, device: Device) -> None:
        """Forgets the camera with its user and password."""
        if source := self._source(account_id):
            self._devices.remove(source, device.id, device.channel)
        if account := self._store.account(account_id):
            self._store.drop_asks(account_id, camera_id(account.salt, self._devices.kind, device.id, device.channel))

    def _found_again(self, account_id: str, device: Device, at: Address, user: str, password: str) -> None:
        with self._turn(), self._try(at.host), exchange_within(ASKED_S):
            found = self._adding.look(at, user, password, known=device)
        self._change(account_id, device, lambda stored: moved(stored, found.device))

    def _change(self, account_id: str, device: Device, change: Callable[[Device], Device]) -> None:
        if source := self._source(account_id):
            self._devices.alter(source, device, change)

    def _source(self, account_id: str) -> Source | None:
        sources = self._store.sources(account_id)
        return next((source for source in sources if source.kind == self._devices.kind), None)

    def _note_endpoint(self, source: Source, device: Device, asks: Asks) -> None:
        discovered = next((answer for answer in asks() if answer.host == device.host), None)
        if discovered is None or not discovered.endpoint:
            return
        with contextlib.suppress(DriverError, StoreUnavailable):  # it is then moved by hand
            self._devices.alter(source, device, lambda stored: replace(stored, endpoint=discovered.endpoint))

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Takes one of the TOGETHER turns. Raises NotNow if all are taken."""
        if not self._room.acquire(blocking=False):
            raise NotNow
        try:
            yield
        finally:
            self._room.release()

    @contextlib.contextmanager
    def _try(self, host: str) -> Iterator[None]:
        """Counts a password as wrong until the camera took it, so that tries at the same time count. Raises Guessed."""
        key = f"lan_tries/{host}"  # for all households here together: the camera locks for all of them
        taken, ends = self._store.take_place(key, WRONG, HOUR_S, self._clock())
        if not taken:
            raise Guessed
        try:
            yield
        except Refused as refused:
            if refused.reason != "code_wrong":
                self._store.leave_place(key, ends)
            raise
        else:
            self._store.leave_place(key, ends)


class Nameless(Struct, frozen=True):
    """`name`: a proposal for the camera's name. `missed`: the camera did not take all values."""

    account: str
    tried: Tried
    name: str = ""
    missed: bool = False


class NamelessCameras:
    """Cameras that were tried and wait for their names, only in memory: a camera's password goes into no store.

    They are found by the browser's session. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: Recent[str, tuple[float, Nameless]] = Recent(2 * MANY)

    def put(self, browser: str, camera: Nameless) -> None:
        self._kept.put(browser, (self._clock() + KEPT_S, camera))

    def of(self, browser: str, account_id: str) -> Nameless | None:
        until, camera = self._kept.get(browser) or (0.0, None)
        return camera if camera and camera.account == account_id and self._clock() < until else None

    def drop(self, browser: str) -> None:
        self._kept.drop(browser)


class Progress(Struct, frozen=True):
    """The search has knocked at `done` of `of` addresses, if it was to knock. `found`: None while it runs."""

    account: str
    began: float
    done: int = 0
    of: int = 0
    found: tuple[Candidate, ...] | None = None
    failed: bool = False

    @property
    def runs(self) -> bool:
        return self.found is None and not self.failed


class Search:
    """The search for cameras in the house, whose progress and result a page reads.

    `find`: takes the known cameras, whether to knock at every address, and a function to note the progress.

    An installation has one Search: two at once would fill the house's network twice. `clock`: monotonic seconds.
    """

    def __init__(self, find: Find, clock: Callable[[], float] = time.monotonic) -> None:
        self._find, self._clock = find, clock
        self._progress: Progress | None = None
        self._lock = threading.Lock()

    def begin(self, account_id: str, known: Sequence[Device], *, look: bool) -> bool:
        """Starts a search. False if a search runs already."""
        with self._lock:
            if self._progress is not None and self._progress.runs:
                return False
            self._progress = Progress(account_id, self._clock())
        threading.Thread(target=self._run, args=(known, look), name="search", daemon=True).start()
        return True

    def of(self, account_id: str) -> Progress | None:
        """The household's search, while it runs and until KEPT_S after the begin; else None."""
        with self._lock:
            progress = self._progress
        if progress is None or progress.account != account_id:
            return None
        return progress if progress.runs or self._clock() - progress.began < KEPT_S else None

    def _run(self, known: Sequence[Device], look: bool) -> None:
        try:
            found = tuple(self._find(known, look, self._note_progress))
        except Exception as error:  # the page says so, and another may be begun
            log.warning("the search for cameras in the house broke: %s", type(error).__name__)
            self._note(failed=True)
        else:
            self._note(found=found)

    def _note_progress(self, done: int, of: int) -> None:
        self._note(done=done, of=of)

    def _note(self, **changes: object) -> None:
        with self._lock:
            assert self._progress is not None
            self._progress = replace(self._progress, **changes)
