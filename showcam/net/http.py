"""Sends every request to a vendor: https, known hosts, no redirect, no private address, 1 MiB, one deadline over it
all.

`requests` is imported with the first request, since a directive pays for imports here.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from showcam.net.exchange import Exchange, Hosts, NoInternet, Unreached, exchange_within
from showcam.net.text import JsonObject, too_deep

if TYPE_CHECKING:
    import requests

    from showcam.net.requests_adapter import RuledAdapter

LONGEST_WAIT_S = 3600.0  # seconds; the longest Retry-After that is believed (RFC 9110, 10.2.3)
IDLE_S = 50.0  # many peers close a connection after a minute, and a router on the way may forget it without a word


class Reply(Struct, frozen=True):
    """The answer of a vendor. `data`: the JSON object of the body, None for any other body.

    `after_s`: seconds that the vendor asks to wait.
    """

    status: int
    data: JsonObject | None
    after_s: float = 0.0


class Page(Struct, frozen=True):
    """An answer with its body as bytes; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Http:
    """Connections kept alive and shared by all threads. `ca_file` holds one more certificate authority to trust.

    `idle_s`: a connection that has been idle for longer is not used again. A subclass may name its own errors, which
    are raised in place of Unreached and NoInternet.
    """

    unreached: type[Exception] | None = None
    no_internet: type[Exception] | None = None

    def __init__(self, hosts: Hosts, ca_file: Path | None = None, idle_s: float = IDLE_S) -> None:
        self.hosts, self._idle_s = hosts, idle_s
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._adapter: RuledAdapter | None = None
        self._session: requests.Session | None = None

    def check(self, url: str) -> tuple[str, int]:
        """Host and port of an address that a peer named. Raises Unreached if it is forbidden."""
        with self._own_errors():
            return self.hosts.check(url)

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The host's public addresses, for connections outside this client. Raises Unreached."""
        with self._own_errors():
            return self.hosts.addresses(host, port, timeout_s)

    def post(
        self, url: str, form: Mapping[str, str], timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Posts a form within `timeout_s`, or the rest of the thread's exchange. Raises Unreached."""
        return self.ask("POST", url, timeout_s, form=form, headers=headers)

    def ask(
        self,
        method: str,
        url: str,
        timeout_s: float,
        *,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Reply:
        """Sends a request by any method, within `timeout_s` or the rest of the thread's exchange. Raises Unreached.

        Secrets go in form, body or headers, never in `url` or `query`. `repeatable`: the peer recognizes the same
        request, for example by a message id. Then the request is sent once more if a kept connection ended without an
        answer.
        """
        import requests

        with self._own_errors(), exchange_within(timeout_s) as exchange:
            exchange.repeatable = repeatable
            try:
                session = self._own_session()
                answer = session.request(method, url, data=form or body, params=query, headers=headers)
            except requests.RequestException as error:
                raise _unreached(error, exchange) from None
            finally:
                exchange.repeatable = False
            return Reply(
                answer.status_code, _json_object(answer.content), retry_after_s(answer.headers.get("Retry-After"))
            )

    def fetch(self, url: str, timeout_s: float, headers: Mapping[str, str], *, enough: int = 0) -> Page:
        """Sends a GET; with `enough` the rest after that number of bytes is not read. Raises Unreached."""
        import requests

        with self._own_errors(), exchange_within(timeout_s) as exchange:
            exchange.enough = enough
            try:
                answer = self._own_session().get(url, headers=headers)
            except requests.RequestException as error:
                raise _unreached(error, exchange) from None
            finally:
                exchange.enough = 0
            return Page(
                answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content
            )

    def mount(self, session: "requests.Session") -> None:
        """Makes a library's session keep the rules; calls outside an exchange fail. Raises Unreached."""
        session.trust_env = False  # no proxy, .netrc or authorities from the environment
        session.adapters.clear()
        with self._own_errors():
            session.mount("https://", self._shared_adapter())

    @contextlib.contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
        except Unreached as error:
            own = self.no_internet if isinstance(error, NoInternet) else self.unreached
            if own is None:
                raise
            raise own(str(error)) from None

    def _shared_adapter(self) -> "RuledAdapter":
        """The adapter, which all sessions share together with its connections."""
        from showcam.net.requests_adapter import RuledAdapter

        with self._lock:
            if self._adapter is None:
                try:
                    self._adapter = RuledAdapter(self.hosts, self._ca_file, self._idle_s)
                except OSError as error:
                    raise Unreached(f"the authorities in {self._ca_file} can't be used: {error.strerror}") from None
            return self._adapter

    def _own_session(self) -> "requests.Session":
        if self._session is None:
            from http.cookiejar import DefaultCookiePolicy

            import requests

            session = requests.Session()
            session.headers["User-Agent"] = "showcam"
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one household's are not another's
            self.mount(session)
            self._session = session  # two threads may both make one: the two are the same
        return self._session


def _unreached(error: Exception, exchange: Exchange) -> Unreached:
    return (NoInternet if exchange.no_internet else Unreached)(type(error).__name__)


def _json_object(body: bytes) -> JsonObject | None:
    try:
        data = None if too_deep(body) else msgspec.json.decode(body.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def retry_after_s(header: str | None) -> float:
    """Seconds that a service asks to wait (RFC 9110 section 10.2.3); 0 if the header is missing or a date."""
    text = (header or "").strip()
    return min(float(text), LONGEST_WAIT_S) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
