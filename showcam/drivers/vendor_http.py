"""The HTTP client of drivers: to the registry its failures are the vendor's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from showcam.drivers.errors import NoInternet, VendorDown
from showcam.net import exchange
from showcam.net.http import Http, Page, Reply

if TYPE_CHECKING:
    import requests


class VendorHttp(Http):
    """Http whose methods raise VendorDown in place of Unreached, and the drivers' NoInternet in place of Http's."""

    def check(self, url: str) -> tuple[str, int]:
        """Host and port of an address the vendor named."""
        with _as_vendor_down():
            return self.hosts.check(url)

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The host's public addresses, for a driver with connections outside this client."""
        with _as_vendor_down():
            return self.hosts.addresses(host, port, timeout_s)

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
        with _as_vendor_down():
            return super().ask(
                method, url, timeout_s, form=form, body=body, query=query, headers=headers, repeatable=repeatable
            )

    def fetch(self, url: str, timeout_s: float, headers: Mapping[str, str], *, enough: int = 0) -> Page:
        with _as_vendor_down():
            return super().fetch(url, timeout_s, headers, enough=enough)

    def mount(self, session: "requests.Session") -> None:
        with _as_vendor_down():
            super().mount(session)


@contextmanager
def _as_vendor_down() -> Iterator[None]:
    try:
        yield
    except exchange.NoInternet as error:
        raise NoInternet(str(error)) from None
    except exchange.Unreached as error:
        raise VendorDown(str(error)) from None
