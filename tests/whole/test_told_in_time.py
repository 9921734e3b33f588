"""What no message announces is reported to both assistants within 120 s, at an owner's defaults."""

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.devices import States, device
from actions.google_key import read_key
from actions.homegraph import HomeGraph
from actions.reports import Reports
from actions.traits import traits
from showcam.app.settings import Settings
from showcam.drivers.driver import Hint
from showcam.registry.reporting.delivery import Delivery
from showcam.registry.watch.watch import Watch
from showcam.simulator import authority
from showcam.store.records import Link, Source
from tests.doubles.clock import Clock
from tests.doubles.event_gateway import Reporting
from tests.doubles.google_cloud import GoogleCloud
from tests.doubles.household import household
from tests.doubles.ready_driver import camera
from tests.doubles.tls_vendor import Vendors
from tests.doubles.waiting import until

pytestmark = pytest.mark.proves(
    "A new name, offline, Image Encryption and Audio are reported to both assistants within 120 s",
    leans_on="double: Alexa, Google and EZVIZ",
)

WITHIN_S = 120.0
PUBLIC = "https://home.example"


class Silent:
    """EZVIZ's push: it is connected, and no message comes."""

    listening = True

    def stop(self) -> None:
        """It holds nothing."""

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]:
        return ()

    def listen(self, source: Source, callback: Callable[[Hint], None]) -> "Silent":
        return self


@dataclass
class Told:
    """A worker whose clock the test moves on, with Amazon's and Google's own side of one link each."""

    clock: Clock
    alexa: Reporting
    google: GoogleCloud
    user: str
    watch: Watch
    tellings: tuple[Delivery, ...]

    @property
    def store(self) -> Any:
        return self.alexa.home.store

    def second(self) -> None:
        """One second of the worker's life, all work done."""
        self.clock.wait(1.0)
        self.watch.turn()
        until(lambda: not any(watched.busy for watched in self.watch._watched.values()))
        for telling in self.tellings:
            for pair in self.store.due(telling.assistant, self.clock(), 10):
                telling.tell(*pair)

    def reported(self) -> dict[str, list[str]]:
        """What each assistant was told is changed since the last call, as text."""
        user = self.google.homegraph.users[self.user]
        states = [json.dumps(report["payload"]["devices"]) for report in self.google.reports(self.user)]
        return {
            "alexa": [json.dumps(message["event"]["payload"]) for message in self.alexa.sent()],
            "google": [*states, *(json.dumps(listed["name"]) for listed in user.devices.values())],
        }


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    clock = Clock()
    clock.now = time.time()
    cameras = [camera("Garden", "F00000001"), camera("Front Door", "F00000002", kind="doorbell")]
    home = household(tmp_path, cameras=cameras, clock=clock)
    context = authority.server_context(tmp_path)
    vendors, cloud = Vendors(tmp_path / "ca.pem", context), GoogleCloud(tmp_path)
    alexa = Reporting(home, vendors, clock)
    link = home.another_link("google")
    table = traits(home.registry, PUBLIC)

    def fetched() -> dict[str, dict[str, Any]]:
        listed = home.adapter.present.of(link).cameras
        made = {known.id: msgspec.json.encode(device(known, table, reported=True)) for known in listed}
        return {known: json.loads(data) for known, data in made.items()}

    home.noticing.refresh(home.account.id)
    cloud.fetched = fetched
    cloud.link(link.agent_user)
    home.store.note_listed(home.account.id, link.id, clock(), clock())
    homegraph = HomeGraph(read_key(str(cloud.key_file)), cloud.host, cloud.ca_file, clock=clock)
    google = Reports(homegraph, table, States(home.registry, table), clock=clock)
    made = Told(
        clock,
        alexa,
        cloud,
        link.agent_user,
        Watch(
            home.store,
            home.noticing,
            {"ezviz": Silent()},
            poll_s=Settings().poll_s,
            push=("ezviz",),
            webhook=(),
            clock=clock,
            monotonic=clock,
        ),
        tuple(
            Delivery(home.store, reporter, home.adapter.present, no_end, clock=clock)
            for reporter in (alexa.reports, google)
        ),
    )
    yield made
    made.watch.close()
    vendors.end()
    cloud.end()
    home.store.close()


def no_end(link: Link) -> None:
    raise AssertionError(f"link {link.id} ended")


# what is changed at the camera, and what the two reports have in them
CHANGES: dict[str, tuple[dict[str, Any], dict[str, tuple[str, ...]]]] = {
    "a new name": ({"name": "Orchard"}, {"alexa": ('"friendlyName": "Orchard"',), "google": ('"name": "Orchard"',)}),
    "offline": ({"online": "off"}, {"alexa": ('"value": "UNREACHABLE"',), "google": ('"online": false',)}),
    "Image Encryption": (
        {"encryption": "on"},
        {"alexa": ('"Camera.ImageEncryption"', '"value": "ON"'), "google": ('"encryption": true',)},
    ),
    "Audio": ({"audio": "off"}, {"alexa": ('"Camera.Audio"', '"value": "OFF"'), "google": ('"audio": false',)}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_nobody_announces_is_told_to_both_within_two_minutes(change: str, told: Told) -> None:
    changes, expected = CHANGES[change]
    for _ in range(130 + random.randrange(100)):  # the change comes at any time between two readings
        told.second()
    told.reported()
    told.alexa.home.driver.change("Garden", **changes)
    changed_at, heard = told.clock(), set[str]()
    while heard != {"alexa", "google"}:
        told.second()
        assert told.clock() - changed_at <= WITHIN_S, heard
        for assistant, texts in told.reported().items():
            if any(all(part in text for part in expected[assistant]) for text in texts):
                heard.add(assistant)
