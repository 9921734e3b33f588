"""The only way to a vendor: https, known hosts, no redirect, no private address, 1 MiB, one deadline over it all.

Free of requests until something is sent, since a directive pays for what is imported here.
"""

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from net.addresses import are_public, is_spelled
from net.errors import NotAllowed, Unreached
from net.incoming import JsonObject
from net.json_depth import too_deep

if TYPE_CHECKING:
    import requests

    from net.requests_adapter import RuledAdapter

LONGEST_ANSWER = 1024 * 1024


class Hosts:
    """Which hosts may be spoken to, by https alone.

    `extra`: given exactly as "host:port"; they may be on loopback. `known`: what the names of others look like, whose
    port is 443; None: there are no others, since practice must not reach a real service.
    """

    def __init__(self, extra: tuple[str, ...] = (), known: re.Pattern[str] | None = None) -> None:
        self._extra, self._known = frozenset(extra), known

    def check(self, url: str) -> tuple[str, int]:
        """Host and port. Raises NotAllowed."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port or 443
        except ValueError:
            raise NotAllowed("not an address") from None
        if parts.scheme != "https" or parts.username is not None or parts.password is not None:
            raise NotAllowed("not an https address")
        known = self._known is not None and port == 443 and self._known.fullmatch(host) is not None
        if not known and f"{host}:{port}" not in self._extra:
            raise NotAllowed("not a known host")
        return host, port

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """Where the host is, all of it public; the caller connects to these and resolves no second time."""
        found = _resolve(host, port, timeout_s)
        if not are_public(found, loopback=f"{host}:{port}" in self._extra):
            raise NotAllowed("the host is not at a public address")
        return found


def _resolve(host: str, port: int, timeout_s: float) -> list[str]:
    if is_spelled(host):
        return [host]
    found: list[str] = []

    def look_up() -> None:
        with contextlib.suppress(OSError):
            found.extend(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    # the system's resolver knows no deadline, so it is waited for, and no longer than that
    thread = threading.Thread(target=look_up, name="resolve", daemon=True)
    thread.start()
    thread.join(max(0.0, timeout_s))
    return list(dict.fromkeys(found))


_current = threading.local()


class Exchange:
    """A deadline over everything this thread says to vendors until the block ends.

    When it is over, the connection in use is shut down under whoever reads from it, so that a peer that drips a byte
    now and then gains nothing by it. One that went back to be shared is out of its reach.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(max(0.0, seconds), self._cut)
        self._timer.daemon = True
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()
        self.over = False
        self.enough = 0  # bytes of an answer after which the rest is not read; 0: all of it is
        self.reused = False  # whether the request under way went out by a connection that served before

    @staticmethod
    def current() -> "Exchange | None":
        return getattr(_current, "exchange", None)

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """The connection of the one request under way, until `unwatch`."""
        self.unwatch()
        # a descriptor of our own: a closed one's number may be another's by then, and TLS keeps its own state
        own = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._watched = own
        if self.over:
            self._cut()

    def unwatch(self) -> None:
        """Must come before anybody else can use the connection; what is cut after it is nobody's."""
        with self._lock:
            own, self._watched = self._watched, None
            if own is not None:
                own.close()

    def _cut(self) -> None:
        with self._lock:
            self.over = True
            if self._watched is not None:
                with contextlib.suppress(OSError):
                    self._watched.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Exchange":
        if Exchange.current() is not None:
            raise RuntimeError("one exchange at a time in a thread")
        _current.exchange = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _current.exchange = None
        self.unwatch()


class Reply(Struct, frozen=True):
    """`data` is the body's JSON object, or None when it is none."""

    status: int
    data: JsonObject | None


class Page(Struct, frozen=True):
    """What is no JSON; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Http:
    """Connections kept alive and shared by all threads. `ca_file` is one more authority to trust."""

    def __init__(self, hosts: Hosts, ca_file: Path | None = None) -> None:
        self.hosts = hosts
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._adapter: RuledAdapter | None = None
        self._session: requests.Session | None = None

    def post(
        self, url: str, form: Mapping[str, str], timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """A form posted within `timeout_s`, or within what is left of the thread's exchange. Raises Unreached."""
        return self.ask("POST", url, timeout_s, form=form, headers=headers)

    def ask(
        self,
        method: str,
        url: str,
        timeout_s: float,
        *,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """By any method, within `timeout_s` or what is left of the thread's exchange. Raises Unreached.

        What is secret goes in the form or the headers.
        """
        import requests

        with self._exchange(timeout_s):
            try:
                session = self._own_session()
                answer = session.request(method, url, data=form, params=query, headers=headers)
            except requests.RequestException as error:
                raise Unreached(type(error).__name__) from None
            return Reply(answer.status_code, _json_object(answer.content))

    def look(self, url: str, timeout_s: float, headers: Mapping[str, str], *, enough: int = 0) -> Page:
        """Fetched; with `enough` no more than its first so many bytes are waited for. Raises Unreached."""
        import requests

        with self._exchange(timeout_s) as exchange:
            exchange.enough = enough
            try:
                answer = self._own_session().get(url, headers=headers)
            except requests.RequestException as error:
                raise Unreached(type(error).__name__) from None
            finally:
                exchange.enough = 0
            return Page(
                answer.status_code, {name.lower(): each for name, each in answer.headers.items()}, answer.content
            )

    def mount(self, session: "requests.Session") -> None:
        """Makes a library's session keep the rules; calls outside an exchange fail. Raises Unreached."""
        session.trust_env = False  # no proxy, no .netrc, no other authorities by environment
        session.adapters.clear()
        session.mount("https://", self._shared_adapter())

    def _shared_adapter(self) -> "RuledAdapter":
        """One for all sessions: the authorities take a megabyte and 20 ms to read."""
        from net.requests_adapter import RuledAdapter

        with self._lock:
            if self._adapter is None:
                try:
                    self._adapter = RuledAdapter(self.hosts, self._ca_file)
                except OSError as error:
                    raise Unreached(f"the authorities in {self._ca_file} can't be used: {error.strerror}") from None
            return self._adapter

    def _own_session(self) -> "requests.Session":
        if self._session is None:
            import requests

            session = requests.Session()
            session.headers["User-Agent"] = "showcam"
            self.mount(session)
            self._session = session  # two threads may both make one; they differ in nothing
        return self._session

    @staticmethod
    @contextlib.contextmanager
    def _exchange(timeout_s: float) -> Iterator[Exchange]:
        if running := Exchange.current():
            yield running
            return
        with Exchange(timeout_s) as exchange:
            yield exchange


def _json_object(body: bytes) -> JsonObject | None:
    try:
        data = None if too_deep(body) else msgspec.json.decode(body.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
