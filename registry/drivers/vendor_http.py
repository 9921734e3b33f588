"""The way out as a driver goes it: what fails there is the vendor's failure to the registry."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from net.errors import Unreached
from net.http import Http, Page, Reply
from registry.errors import VendorDown

if TYPE_CHECKING:
    import requests


class VendorHttp(Http):
    """Every method raises VendorDown where the one it stands for raises Unreached."""

    def check(self, url: str) -> tuple[str, int]:
        """Host and port of an address the vendor named."""
        with _told():
            return self.hosts.check(url)

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        """Where that host is, for a driver that connects by itself."""
        with _told():
            return self.hosts.addresses(host, port, timeout_s)

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
        with _told():
            return super().ask(method, url, timeout_s, form=form, query=query, headers=headers)

    def fetch(self, url: str, timeout_s: float, headers: Mapping[str, str], *, enough: int = 0) -> Page:
        with _told():
            return super().fetch(url, timeout_s, headers, enough=enough)

    def mount(self, session: "requests.Session") -> None:
        with _told():
            super().mount(session)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Unreached as error:
        raise VendorDown(str(error)) from None
