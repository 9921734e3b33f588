"""Prepares a picture by the app account's own cloud stream: a camera that is awake, its dispatcher, and a token.

Battery cameras doze until they are woken, which takes 8 to 70 s. A camera sleeps about 58 s after it woke, unless it is
asked to stay awake each 30 s. A CS-DP2C did so (releases 0.3.1 and 0.3.2 of
github.com/Dead96/ezviz-stream-ha-integration).

The vendor's list names the dispatcher of each camera. Only host names of the vendor and public addresses are used.

A token is good for one session, within five minutes of being made. From fetching a token to the stream node's answer an
account does one thing at a time. Tokens that are fetched at the same time get into each other's way, as
github.com/luigibarretta/vistoda-ezviz found. The next token is fetched once a session is open, so that the next viewer
does not wait for the vendor.
"""

import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import STALE_S, UNASKED, Camera, Listed, Ref, sound
from showcam.drivers.driver import AGAIN_S
from showcam.drivers.errors import CameraSilent, DriverError, Reason, Refused, is_reason
from showcam.drivers.ezviz.answers import text
from showcam.drivers.ezviz.cameras import has_sub, is_channel
from showcam.drivers.ezviz.sessions import ASK_S
from showcam.engine.ezviz.address import KNOWN, LOWEST_PORT, MAIN, SUB, live
from showcam.engine.ezviz.messages import ANSWER_S
from showcam.engine.source import EzvizCloud, Lease, Unopened
from showcam.net.addresses import is_public, is_spelled, with_port
from showcam.net.cache import Recent
from showcam.net.text import JsonObject
from showcam.store.ports import StoreUnavailable, Throttle
from showcam.store.records import Source

log = logging.getLogger(__name__)

EVERY_S = 60  # waking costs battery: at most once in this, by whichever process
KEPT_S = 30  # a camera that is watched is asked to stay awake this often, as Dead96 does
OTHERS_S = KEPT_S - 5  # another process has kept the camera awake within this
AWAKE_S = 300  # a battery camera is watched no longer; the app stops after 5 min too (home-assistant/core issue 102648)
MOST_AWAKE = 4096

type Wake = Callable[[Source, Camera, float], None]


def lasts_s(camera: Camera) -> int:
    """Seconds until a viewer has to ask again; 0: no end."""
    return 0 if camera.battery is None else AWAKE_S


class Waking:
    """`wake` asks the vendor to wake a camera; it may take longer than whoever wants a picture can wait."""

    def __init__(self, store: Throttle, wake: Wake, clock: Callable[[], float] = time.time) -> None:
        self._store, self._wake, self._clock = store, wake, clock
        self._kept: Recent[Ref, float] = Recent(MOST_AWAKE)  # by camera: when this process last woke it

    def reached[T](self, source: Source, camera: Camera, call: Callable[[float], T], deadline_s: float) -> T:
        """The result of `call`, which gets the seconds left. While the camera dozes, the call is made again and again.

        Raises Refused("waking") if the camera was not awake in time.
        """
        end = time.monotonic() + deadline_s
        while True:
            try:
                return call(end - time.monotonic())
            except CameraSilent:
                if camera.battery is None:
                    raise
            self.rouse(source, camera)
            if end - time.monotonic() <= 2 * AGAIN_S:
                raise Refused("waking", "the camera dozes")
            time.sleep(AGAIN_S)

    def rouse(self, source: Source, camera: Camera) -> None:
        """Wakes a camera on battery, in a new thread. Raises StoreUnavailable."""
        if camera.battery is None or not self._is_due("wake", camera, EVERY_S):
            return
        self._kept.put(camera.ref, self._clock())
        self._in_thread(lambda: self._ask(source, camera), source)

    def watched(self, source: Source, camera: Camera) -> None:
        """Keeps a camera on battery awake; to be called again and again while somebody watches it."""
        now = self._clock()
        if camera.battery is None or 0 <= now - (self._kept.get(camera.ref) or 0.0) < KEPT_S:
            return
        self._kept.put(camera.ref, now)

        def work() -> None:
            if self._is_due("awake", camera, OTHERS_S):
                self._ask(source, camera)

        self._in_thread(work, source)

    def _ask(self, source: Source, camera: Camera) -> None:
        try:
            self._wake(source, camera, ASK_S)
        except DriverError as error:
            log.info("a camera of source %s could not be woken: %s", source.id, error.reason)

    def _in_thread(self, work: Callable[[], None], source: Source) -> None:
        def run() -> None:
            try:
                work()
            except StoreUnavailable:
                log.warning("a camera of source %s could not be woken: the database can't be read", source.id)

        threading.Thread(target=run, name="wake", daemon=True).start()

    def _is_due(self, what: str, camera: Camera, every_s: int) -> bool:
        ref = camera.ref
        is_due, _ = self._store.take_place(f"{what}/{ref.source}/{ref.serial}/{ref.channel}", 1, every_s, self._clock())
        return is_due


SECTIONS = "VTM"  # as well as the sections that cameras are read from
MANY = 4096

type Page = JsonObject


class Place(Struct, frozen=True):
    """The dispatcher of a camera: `hosts` as "host:port", best first."""

    hosts: tuple[str, ...]
    biz: str = ""  # query parameters that the vendor's list gives for this camera
    has_sub: bool = True  # False only if the vendor's list says so


class Cloud:
    """`loopback`: in the demo the vendor runs on this machine, and none of its host names is used."""

    def __init__(self, *, loopback: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._loopback, self._clock = loopback, clock
        self._places: Recent[Ref, Place] = Recent(MANY)
        self._rests: Recent[Ref, tuple[str, str, float]] = Recent(MANY)  # the reason, the camera's state, the end

    def offered(self, cameras: tuple[Listed, ...], pages: Iterable[Page], *, agreed: bool) -> tuple[Listed, ...]:
        """The same cameras with the way `cloud` as their last.

        The list does not name every camera's dispatcher to every client: then it is asked for with the picture.
        `agreed`: whether the owner has consented to pictures that cross the internet as they are. Without consent the
        way is UNASKED, which shows no picture, except of a camera that is deciphered here.
        """
        source = cameras[0].ref.source if cameras else ""
        for page in pages:
            for ref, place in self._placed(page, source):
                self._places.put(ref, place)
        return tuple(
            replace(camera, ways=(*camera.ways, "cloud" if agreed or is_enciphered(camera) else UNASKED))
            for camera in cameras
        )

    def place(self, ref: Ref) -> Place | None:
        """The dispatcher in this process's last list; None if the list has none, or another process read it."""
        return self._places.get(ref)

    def keep(self, camera: Camera, dispatcher: Page) -> Place | None:
        """Keeps the dispatcher in the vendor's answer for one camera."""
        hosts = self._hosts(dispatcher)
        if hosts:
            self._places.put(camera.ref, Place(hosts, has_sub=camera.sub is not None))
        return self._places.get(camera.ref)

    def spec(self, camera: Camera, place: Place, token: str, key: bytes = b"") -> EzvizCloud:
        """The spec of the smaller picture if there is one: keyframes of the full picture may be minutes apart."""
        stream = SUB if place.has_sub and not is_sub_silent(camera) else MAIN
        now_ms = int(time.time() * 1000)
        url = live(place.hosts[0], camera.ref.serial, camera.ref.channel, stream, token, place.biz, now_ms)
        return EzvizCloud(
            url=url,
            hosts=place.hosts,
            sound=sound(camera),
            dozes=camera.battery is not None,
            lasts_s=lasts_s(camera),
            key=key,
            state=state_of(camera),
            alone=True,  # whichever of the two pictures brings something is shown, so there is no other to ask for
        )

    def rests(self, camera: Camera) -> Reason | None:
        """Why the camera's stream was refused a moment ago; None if it may be requested.

        A rest ends early when the vendor lists the camera in another state.
        """
        reason, state, until = self._rests.get(camera.ref) or ("", "", 0.0)
        is_over = self._clock() >= until or state != state_of(camera)
        return reason if not is_over and is_reason(reason) else None

    def rest(self, ref: Ref, state: str, refused: Unopened) -> None:
        self._rests.put(ref, (refused.reason, state, self._clock() + refused.rest_s))

    def _placed(self, page: Page, source: str) -> Iterator[tuple[Ref, Place]]:
        """A place for each channel; rows of channels come last, so that they win over the row of their device."""
        dispatchers, qualities = page.get("VTM") or {}, page.get("VIDEO_QUALITY") or {}
        rows = [info for info in page.get("resourceInfos") or () if isinstance(info, dict)]
        for row in sorted(rows, key=is_channel):
            resource, channel = text(row.get("resourceId")), str(row.get("localIndex"))
            hosts = self._hosts(dispatchers.get(resource))
            if hosts and channel.isascii() and channel.isdigit() and len(channel) < 4:
                ref = Ref(source, str(row.get("deviceSerial")), max(1, int(channel)))
                biz = row.get("streamBizUrl")
                yield ref, Place(hosts, biz if isinstance(biz, str) else "", has_sub(qualities.get(resource)))

    def _hosts(self, kms: Any) -> tuple[str, ...]:
        if not isinstance(kms, dict):
            return ()
        port = kms.get("port")
        if not isinstance(port, int | str) or not str(port).isdecimal() or not LOWEST_PORT <= int(port) < 65536:
            return ()
        hosts = [str(kms.get(name) or "") for name in ("externalIp", "domain")]
        return tuple(dict.fromkeys(with_port(host, int(port)) for host in hosts if host and self._is_vendors(host)))

    def _is_vendors(self, host: str) -> bool:
        if is_spelled(host):
            return is_public(host, loopback=self._loopback)
        return not self._loopback and KNOWN.fullmatch(host) is not None


def state_of(camera: Camera) -> str:
    """The listed values of a camera that may make a stream node refuse."""
    return f"{camera.online} {camera.asleep} {camera.encryption}"


def is_sub_silent(camera: Camera) -> bool:
    """Whether the smaller picture brought nothing when any process last opened it."""
    return camera.measured.sub_silent_at > max(0.0, camera.as_of - STALE_S)


def is_enciphered(camera: Listed) -> bool:
    """Whether its picture crosses the internet enciphered, and its owner gave the code to decipher it here."""
    return camera.encryption == "on" and camera.picture_code != "none"


FRESH_S = 240.0  # a token that nobody used was good for about 5 min (fiveapplesonthetable/hik-connect-py)
# An opening whose end nobody has reported has ended: dispatcher and node each have this time for their answer. It takes
# 4 to 6 s (Stinocon/ezviz-stream-bridge), but a node says only after ten that a camera does not answer.
OPENS_S = 2 * ANSWER_S
MOST_SOURCES = 512  # sources

type Fetch = Callable[[Source, float], str]


class Token(NamedTuple):
    """`number` names it when its end is reported; 0: its end need not be reported."""

    text: str
    number: int


class StreamTokens:
    """`fetch` asks the vendor for a token. `session` returns the account's session: tokens work in no other one.

    `later` does something in the background. None: nothing may go on after an answer, so no token is fetched ahead,
    and no session's opening is known of.
    """

    def __init__(
        self,
        fetch: Fetch,
        session: Callable[[Source], str],
        later: Callable[[Callable[[], None]], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch, self._session, self._later, self._clock = fetch, session, later, clock
        # by source: session, token and when it was made; and the opening that goes on, and until when it may last
        self._ahead: Recent[str, tuple[str, str, float]] = Recent(MOST_SOURCES)
        self._opening: Recent[str, tuple[int, float]] = Recent(MOST_SOURCES)
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()

    def take(self, source: Source, deadline_s: float) -> Token:
        """A token for this caller only, once no other session of the account is being opened.

        Raises showcam.drivers.errors.DriverError.
        """
        if self._later is None:
            return Token(self._fetch(source, deadline_s), 0)
        until = self._clock() + deadline_s
        number = self._begun(source, until)
        try:
            token = self._prepared_token(source) or self._fetch(source, until - self._clock())
        except BaseException:
            self._end(source, number)
            raise
        with self._changed:
            self._opening.put(source.id, (number, self._clock() + OPENS_S))
        return Token(token, number)

    def opened(self, source: Source, number: int, *, is_next_wanted: bool = True) -> None:
        """Notes that the session of this token is open, or will never be."""
        if self._later is not None and self._end(source, number) and is_next_wanted:
            self._later(lambda: self._keep(source))

    def _begun(self, source: Source, until: float) -> int:
        """Begins an opening once no other goes on, and returns its number. Raises Refused."""
        with self._changed:
            while (left_s := self._left_s(source)) > 0:
                patience_s = until - self._clock()
                if patience_s <= 0:
                    raise Refused("busy", "another session of the account is being opened")
                self._changed.wait(min(left_s, patience_s))
            return self._begin(source)

    def _left_s(self, source: Source) -> float:
        """How long the opening that goes on may still last."""
        _, until = self._opening.get(source.id) or (0, 0.0)
        return until - self._clock()

    def _begin(self, source: Source) -> int:
        number = next(self._numbers)
        self._opening.put(source.id, (number, self._clock() + ASK_S + OPENS_S))
        return number

    def _end(self, source: Source, number: int) -> bool:
        """Ends the opening; false if it was not going on."""
        with self._changed:
            opening, _ = self._opening.get(source.id) or (0, 0.0)
            if opening == number:
                self._opening.drop(source.id)
                self._changed.notify_all()
            return opening == number

    def _prepared_token(self, source: Source) -> str:
        with self._changed:
            kept = self._ahead.get(source.id)
            self._ahead.drop(source.id)
        if kept is None:
            return ""
        session, token, made = kept
        return token if session == self._session(source) and self._clock() - made < FRESH_S else ""

    def _keep(self, source: Source) -> None:
        with self._changed:
            if self._left_s(source) > 0 or self._ahead.get(source.id) is not None:
                return  # an opening goes on, or a token is at hand
            number = self._begin(source)
        try:
            session, made = self._session(source), self._clock()
            token = self._fetch(source, ASK_S)
            with self._changed:
                self._ahead.put(source.id, (session, token, made))
        except (DriverError, StoreUnavailable) as error:
            log.info("no token was kept for source %s: %s", source.id, type(error).__name__)
        finally:
            self._end(source, number)


def in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="stream token", daemon=True).start()


class LiveAddress(Struct, frozen=True, tag="address"):
    """A live address of the Open Platform. `number` gives it back."""

    serial: str
    channel: int
    number: str


class Opening(Struct, frozen=True, tag="opening"):
    """A token of the account's cloud stream. `state`: what the vendor listed of the camera then."""

    token: int
    serial: str
    channel: int
    state: str


class LocalKey(Struct, frozen=True, tag="local"):
    """The key of a camera's own protocol at home."""

    serial: str


type Lent = LiveAddress | Opening | LocalKey

_lent = msgspec.json.Decoder[Lent](Lent)


def lease_of(source: Source, lent: Lent) -> Lease:
    return Lease(source.id, msgspec.json.encode(lent).decode())


def read_lent(text: str) -> Lent:
    """Reads the text of a lease, also in the form of the version before."""
    if text.startswith("local "):
        return LocalKey(text.removeprefix("local "))
    if text.startswith("opening "):
        return Opening(*json.loads(text.removeprefix("opening ")))
    return LiveAddress(*json.loads(text)) if text.startswith("[") else _lent.decode(text)
