"""The clients of EZVIZ accounts at work: one for each source, for one thread at a time, its session renewed here."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from net.cache import Recent
from net.exchange import Exchange
from registry.drivers.ezviz.codes import set_error
from registry.drivers.ezviz.sessions import Held, Sessions
from registry.drivers.vendor_http import VendorHttp
from registry.errors import SignedOut, VendorDown
from store.records import Source

if TYPE_CHECKING:
    from registry.drivers.ezviz.client import Client

MANY = 512  # sessions kept at work


class _AtWork:
    """One client and one lock per source: the library's client is not made for several threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: Client | None = None
        self.version = -1


class Clients:
    def __init__(self, sessions: Sessions, http: VendorHttp) -> None:
        self._sessions, self._http = sessions, http
        self._at_work: Recent[str, _AtWork] = Recent(MANY)
        self._lock = threading.Lock()

    def use[T](self, source: Source, deadline_s: float, work: "Callable[[Client, Held], T]") -> T:
        """What `work` brings, in the time given. Raises registry.errors.DriverError."""
        from registry.drivers.ezviz.ruled import FAILURES, failure

        at_work = self._entry(source)
        began = time.monotonic()
        if not at_work.lock.acquire(timeout=max(0.0, deadline_s)):
            raise VendorDown("no answer in time")
        try:
            with Exchange(deadline_s - (time.monotonic() - began)):
                try:
                    held = self._sessions.read(source)
                    return work(self._client(at_work, source, held), held)
                except FAILURES as error:
                    raise failure(error) from None
        finally:
            at_work.lock.release()

    def change(self, source: Source, deadline_s: float, work: "Callable[[Client, Held], None]") -> None:
        """Runs `work`, which changes a camera. Raises as `use`, and SetRefused by the vendor's last code."""

        def changing(client: "Client", held: Held) -> None:
            with _told_apart(client):
                work(client, held)

        self.use(source, deadline_s, changing)

    def _entry(self, source: Source) -> _AtWork:
        with self._lock:
            entry = self._at_work.get(source.id)
            if entry is None:
                entry = _AtWork()
                self._at_work.put(source.id, entry)
            return entry

    def _client(self, at_work: _AtWork, source: Source, held: Held) -> "Client":
        from registry.drivers.ezviz.client import Client

        if held.secrets.session is None or held.state != "ok":
            raise SignedOut
        if at_work.client is None:
            at_work.client = Client(self._http, held.secrets.session, lambda client: self._renew(source, client))
        elif at_work.version != held.version:
            at_work.client.adopt(held.secrets.session)
        at_work.version = held.version
        return at_work.client

    def _renew(self, source: Source, client: "Client") -> None:
        """The vendor said that the session is over; another process may have renewed it already."""
        from registry.drivers.ezviz.ruled import EzvizAuthTokenExpired

        old = client.session_id
        held = self._sessions.read(source)
        stands = held.secrets.session
        if stands is not None and stands["session_id"] != old:
            client.adopt(stands)
            return
        exchange = Exchange.current()
        try:
            client.refresh()
        except EzvizAuthTokenExpired:
            client.adopt(self._sessions.dead(source, old, exchange.left if exchange else 0.0))
            return
        client.adopt(self._sessions.renewed(source, old, client.export_token()))


@contextlib.contextmanager
def _told_apart(client: "Client") -> Iterator[None]:
    """What the vendor refuses a setting for, out of its last answer's code."""
    from registry.drivers.ezviz.ruled import PyEzvizError

    client.code = None
    try:
        yield
    except PyEzvizError:
        refused = set_error(client.code)
        if refused is None:
            raise
        raise refused from None
