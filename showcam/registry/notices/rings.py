"""Sends what happened at a camera to its household's addresses for notices, with a still of it and a link to the video.

The owner chose this for the camera (`Preferences.phone_when`). Nothing is sent in the household's quiet times. A
message older than RUNG_S is dropped: nobody would be at the door in time.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, Protocol

import msgspec

from showcam.i18n.catalogue import OURS, chosen, mark
from showcam.registry.notices.faults import Standing
from showcam.registry.notices.notifier import TOGETHER, Address, Addresses
from showcam.registry.quiet_times import of_household
from showcam.registry.readings.changes import RUNG_S, Change, Kind
from showcam.store.ports import Store
from showcam.store.records import HOUR_S

log = logging.getLogger(__name__)

WHAT: dict[Kind, str] = {
    "doorbell": mark("Somebody rang"),
    "person": mark("A person"),
    "motion": mark("Motion"),
}
LONGEST_TITLE = 500  # characters at a push service, which takes 4 KB in all
STILL_S = 4.0  # with the message it is to be at the service 5 s after the press
MOST_WAITING = 64  # messages
# Messages of each kind to a household. With a pause of a minute a camera's motion makes 60. Motion leaves bells theirs.
AN_HOUR = 120


class Moment(Protocol):
    def of(self, change: Change, within_s: float) -> bytes | None:
        """A JPEG of what happened; None if there is none in this time."""
        ...


class Send(Protocol):
    def __call__(self, url: str, title: str, text: str, *, still: Callable[[], bytes]) -> bool:
        """Whether the service took the message. The call has its own deadline, and logs neither address nor text."""
        ...


class Push(Protocol):
    def of(self, account_id: str) -> Iterable[tuple[str, Callable[[bytes], bool]]]:
        """The id of each of the household's browsers, and what sends a message to it. Raises StoreUnavailable."""
        ...


type Note = Callable[[Change, float | None], None]


class _Ring:
    """The message for all addresses. The still is fetched once, by the first thread that sends."""

    def __init__(self, change: Change, title: str, text: str, addresses: int) -> None:
        self.change, self.title, self.text = change, title, text
        self._left, self._is_noted = addresses, False
        self._fetching, self._counting = threading.Lock(), threading.Lock()
        self._still: bytes | None = None

    def still(self, moment: Moment) -> bytes:
        with self._fetching:
            if self._still is None:
                try:
                    self._still = moment.of(self.change, STILL_S) or b""
                except Exception as error:  # the message goes without it
                    log.warning("a ring is sent without a still: %s", type(error).__name__)
                    self._still = b""
            return self._still

    def ended(self, *, taken: bool) -> bool | None:
        """True once, when the first address took it; False once, when none of them did; else None."""
        with self._counting:
            self._left -= 1
            if self._is_noted or not (taken or self._left == 0):
                return None
            self._is_noted = True
            return taken


class _Target(NamedTuple):
    """`service`: the kind of the address, for the log. `send` answers whether the message was taken."""

    id: str
    service: str
    send: Callable[[_Ring], bool]


class Rings:
    """Messages to phones. `take` is for `Changes.subscribe` and waits for nobody; TOGETHER threads send.

    `live` makes the address of a camera's page. `note` learns after how many seconds the first service took the
    message, or None if none did.
    """

    def __init__(
        self,
        store: Store,
        standing: Standing,
        moment: Moment,
        send: Send,
        live: Callable[[str], str],
        note: Note,
        push: Push | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._standing, self._moment, self._send = store, standing, moment, send
        self._live, self._note, self._push, self._clock = live, note, push, clock
        self._addresses = Addresses(store, clock)
        self._waiting: queue.Queue[tuple[_Ring, _Target]] = queue.Queue(MOST_WAITING)
        self._threads: list[threading.Thread] = []

    def take(self, change: Change) -> None:
        """Sends the change to all addresses of its household. Raises StoreUnavailable."""
        account = self._store.account(change.account)
        if account is None or change.kind not in WHAT:
            return
        targets = self._targets(account.id)
        if not targets:
            return
        if self._store.hit(f"phones/{account.id}/{change.kind}", HOUR_S, self._clock()) > AN_HOUR:
            log.warning("more happens than phones are sent in an hour", extra={"account": account.id})
            return
        self._start()
        language = chosen([account.locale])
        name = self._standing.camera_name(account.id, change.camera)
        title = f"{name}: {OURS.say(language, WHAT[change.kind])}" if name else OURS.say(language, WHAT[change.kind])
        at = of_household(self._store, account.id).local(change.at)
        text = f"{at:%H:%M:%S}\n{self._live(change.camera)}"
        ring = _Ring(change, title, text, len(targets))
        for target in targets:
            try:
                self._waiting.put_nowait((ring, target))
            except queue.Full:
                log.warning("too many messages to phones wait: one is dropped", extra={"account": account.id})
                self._ended(ring, taken=False)

    def _targets(self, account_id: str) -> list[_Target]:
        addresses = self._addresses.of(account_id).items()
        browsers = self._push.of(account_id) if self._push is not None else ()
        return [
            *(
                _Target(address_id, address.service, partial(self._notify, address))
                for address_id, address in addresses
            ),
            *(_Target(session, "Web Push", partial(_pushed, send)) for session, send in browsers),
        ]

    def _notify(self, address: Address, ring: _Ring) -> bool:
        return self._send(address.url, ring.title, ring.text, still=lambda: ring.still(self._moment))

    def _start(self) -> None:
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._work, name=f"rings-{number}", daemon=True) for number in range(TOGETHER)
            ]
            for thread in self._threads:
                thread.start()

    def _work(self) -> None:
        while True:
            ring, target = self._waiting.get()
            try:
                self._ended(ring, taken=self._sent(ring, target))
            except Exception:
                log.exception("what became of a message to a phone could not be noted")

    def _sent(self, ring: _Ring, target: _Target) -> bool:
        if self._clock() - ring.change.at > RUNG_S:
            log.warning("a message to address %s (%s) came too late to be sent", target.id, target.service)
            return False
        try:
            taken = target.send(ring)
        except Exception as error:  # the other addresses must still get it; the error's text may hold the address
            log.warning("a message by %s failed: %s", target.service, type(error).__name__)
            return False
        if not taken:
            log.warning("a message was not taken at address %s (%s)", target.id, target.service)
        return taken

    def _ended(self, ring: _Ring, *, taken: bool) -> None:
        verdict = ring.ended(taken=taken)
        if verdict is not None:
            self._note(ring.change, self._clock() - ring.change.at if verdict else None)


def _pushed(send: Callable[[bytes], bool], ring: _Ring) -> bool:
    """Sends the words without the still, which is too large for a push service."""
    at, live = ring.text.split("\n")
    message = {"title": ring.title[:LONGEST_TITLE], "text": at, "at": int(ring.change.at * 1000), "live": live}
    return send(msgspec.json.encode(message))
