"""A vendor with cameras, a household that sees them, and picture processes over both."""

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from showcam.engine.grants import Claims, Grants
from tests.doubles.hls_camera import Authority, Camera, Household, Vendor, recording
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.waiting import LONG_S, until


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    url: str

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class World:
    """One picture process and everything around it."""

    plane: PlaneThread
    vendor: Vendor
    household: Household
    grants: Grants

    def claims(self, camera: str = "garden", protocol: str = "hls", **changes: Any) -> Claims:
        given: dict[str, Any] = {
            "account": "home",
            "link": "link-1",
            "surface": "alexa",
            "expires": int(time.time()) + 600,  # a busy machine may come to it late
        }
        return Claims(**(given | {"camera": camera, "protocol": protocol, "nonce": str(time.monotonic_ns())} | changes))

    def grant(self, camera: str = "garden", protocol: str = "hls", **changes: Any) -> str:
        return self.grants.sign(self.claims(camera, protocol, **changes))

    def request(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        url = urljoin(self.plane.url, path)
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", self.plane.port, timeout=LONG_S)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, named)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read(), url)
        finally:
            connection.close()

    def master(self, camera: str = "garden", **changes: Any) -> Answer:
        """The list that a player gets: it asks again where no segment was whole in time, as on a busy machine."""
        address, deadline = f"/s/{self.grant(camera, **changes)}/master.m3u8", time.monotonic() + LONG_S
        while (answer := self.request(address)).status == 503 and time.monotonic() < deadline:
            pass
        return answer

    def variant_url(self, master: Answer) -> str:
        return urljoin(master.url, next(line for line in master.text.splitlines() if line and line[0] != "#"))

    def stats(self) -> dict[str, int]:
        shown = self.grants.proof().make("/internal/stats", b"", time.time())
        counts: dict[str, int] = json.loads(self.request("/internal/stats", X_Showcam_Internal=shown).body)
        return counts


@pytest.fixture(autouse=True)
def no_authorities_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each picture process OpenSSL reads the system's 140 authorities, and no double has their certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    made = RtspCamera()
    yield made
    made.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vendor(authority: Authority) -> Iterator[Vendor]:
    vendor = Vendor(authority)
    vendor.cameras["garden"] = Camera(recording())
    yield vendor
    vendor.close()


@pytest.fixture
def household(vendor: Vendor) -> Household:
    return Household(vendor)


@pytest.fixture(scope="session")
def grants() -> Grants:
    return Grants([b"grant key of the tests, 32 bytes"])


@pytest.fixture
def start(authority: Authority, vendor: Vendor, household: Household, grants: Grants) -> Iterator[Callable[..., World]]:
    """Start a picture process; keyword arguments are its settings."""
    with ExitStack() as stack:

        def started(**settings: Any) -> World:
            plane = PlaneThread(grants, household, replace(SETTINGS, **{"ca_file": authority.ca_file, **settings}))
            stack.enter_context(plane)
            return World(plane, vendor, household, grants)

        yield started


@pytest.fixture
def world(start: Callable[..., World]) -> World:
    return start()


@pytest.fixture
def on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The candidates of a test's own display too are this machine's."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture
def eventually() -> Callable[..., None]:
    return until


@pytest.fixture
def two(start: Callable[..., World], vendor: Vendor) -> World:
    """A household may watch two, all together three."""
    vendor.cameras |= {name: Camera(recording()) for name in ("yard", "shed")}
    return start(live_per_account=2, live_per_process=3)
