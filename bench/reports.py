"""Reports to Alexa's event gateway: their lag, and what is lost under faults, beside Home Assistant's own sender.

The sender is a process of its own with showcam's real code. The gateway is ours: it takes what the simulator's rules
take, over TLS, and its faults come by chance, the same chances for showcam and its peer.
"""

import contextlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.event_gateway import EventGateway
from bench.peer import environment
from bench.progress import say
from bench.report_floor import due_of
from bench.report_sender import CLIENT
from bench.run import NoPeer, Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from showcam.alexa.gateway import Amazon, Gateway
from showcam.registry.reporting.reporter import message_id
from showcam.simulator.authority import server_context
from showcam.store.outbox import happening_row
from showcam.store.records import Happening
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera
from tests.doubles.tls_vendor import Vendors

LINKS = 200
RATE, FASTER = 100, 200  # changes a second: as the lag is measured, and under faults
CHANGES, QUICK = 10_000, 600
PEERS = 1_000  # its share of lost events is the same as of more
LAG_S, QUICK_S = 6, 5
KILL_S = 5.0
DRAIN_S = 280.0  # at most, for what waits once the changes are over
DOOR = camera("Front Door", "F00000002", kind="doorbell", motion="off", person="off")


class World:
    """Households with a doorbell and a link each, whose list Alexa knows."""

    def __init__(self, folder: Path, gateway: EventGateway) -> None:
        self.folder, self.gateway = folder, gateway
        self.key = secrets.token_bytes(32)
        self.store = SqliteStore(folder / "showcam.sqlite3", Sealer([("bench", self.key)]))
        grants = Gateway(self.store, Amazon(gateway.vendor.host, gateway.vendor.ca_file), *CLIENT)
        self.homes: list[Household] = []
        for number in range(LINKS):
            home = household(folder, cameras=[DOOR], user=f"{number}@example.com", store=self.store)
            home.noticing.refresh(home.account.id)
            grants.accept(home.link, "A1")
            self.homes.append(home)
        self.cameras = {home.account.id: home.id("Front Door") for home in self.homes}
        # by link: the ids of the messages about persons, and when they came. Rings would overtake one another
        self.expected: dict[str, list[tuple[str, float]]] = {home.link.id: [] for home in self.homes}

    def begin(self) -> None:
        """Forgets what was rung and taken so far."""
        self.gateway.taken.messages.clear()
        for persons in self.expected.values():
            persons.clear()

    def come(self, home: Household) -> None:
        at = time.time()
        happening = Happening(self.cameras[home.account.id], "person", at)
        self.store.record_happening(home.account.id, happening, 0.0, ("person",))
        row = happening_row(home.link, happening, "person")
        self.expected[home.link.id].append((message_id(row.id, "person"), at))

    @contextlib.contextmanager
    def sending(self) -> Iterator[subprocess.Popen[bytes]]:
        sender = self.start()
        try:
            yield sender
        finally:
            _end(sender)

    def start(self) -> subprocess.Popen[bytes]:
        words = [str(self.folder), self.key.hex(), self.gateway.vendor.host, str(self.gateway.vendor.ca_file)]
        sender = subprocess.Popen([sys.executable, "-P", "-m", "bench.report_sender", *words], stdout=subprocess.PIPE)
        assert sender.stdout is not None
        assert sender.stdout.readline() == b"ready\n"
        return sender

    def drain(self, within_s: float) -> float:
        """Seconds until nothing waits."""
        began = time.monotonic()
        while self.store.backlog(time.time()) and time.monotonic() - began < within_s:
            time.sleep(0.05)
        return time.monotonic() - began

    def persons(self) -> dict[str, list[str]]:
        """By link: the ids of the persons of whom it was told, in order, without repetitions."""
        links = {self.cameras[home.account.id]: home.link.id for home in self.homes}
        found: dict[str, list[str]] = {home.link.id: [] for home in self.homes}
        for message, name, endpoint, _ in self.gateway.taken.first():
            if name == "ObjectDetection":
                found[links[endpoint]].append(message)
        return found


def measure(run: Run) -> Results:
    with tempfile.TemporaryDirectory() as folder:
        vendors = Vendors(Path(folder) / "ca.pem", server_context(Path(folder)))
        gateway = EventGateway(vendors)
        world = World(Path(folder), gateway)
        try:
            yield from _lag(world, QUICK_S if run.quick else LAG_S)
            yield from _queued(world, QUICK if run.quick else CHANGES)
            yield from _under_faults(run, world, QUICK if run.quick else CHANGES)
        finally:
            gateway.end()
            world.store.close()
            vendors.end()


def _lag(world: World, seconds: int) -> Results:
    """From what happened to its receipt at the gateway, without faults."""
    say(f"Lag of reports: {RATE} changes a second for {seconds} s")
    with world.sending():
        world.drain(60)
        world.begin()
        for home in _paced(world, RATE * seconds, RATE):
            world.come(home)
        world.drain(60)
    received = {message: when for message, _, _, when in world.gateway.taken.first()}
    lags = [received[person] - at for persons in world.expected.values() for person, at in persons]
    floor = _floor(world, seconds)
    what = f"a report's lag, {RATE} changes a second on SQLite"
    yield Row(f"{what}, p99", "s", percentile(lags, 0.99), "bare posts", percentile(floor, 0.99), Bound(most=1.0))
    yield Row(f"{what}, p50", "s", percentile(lags, 0.5), "bare posts", percentile(floor, 0.5))


def _floor(world: World, seconds: int) -> list[float]:
    """The lags of ready events, which another process posts at the same rate."""
    say(f"Bare posts: {RATE} a second for {seconds} s")
    world.begin()
    bearer, event = world.gateway.last
    words = [world.gateway.vendor.host, str(world.gateway.vendor.ca_file), str(RATE), str(RATE * seconds)]
    command = [sys.executable, "-P", "-m", "bench.report_floor", *words]
    subprocess.run(command, input=b"%s\n%s\n" % (bearer.encode(), event), check=True)
    return [when - due_of(message) for message, _, _, when in world.gateway.taken.messages]


def _queued(world: World, changes: int) -> Results:
    """Changes that gathered while nothing was sent, and the sender's memory beside that for a tenth of them."""
    peaks = []
    for count in (changes // 10, changes):
        say(f"Reports: {count} queued rows are sent")
        world.begin()
        for number in range(count):
            world.come(world.homes[number % LINKS])
        with world.sending() as sender:
            took_s = world.drain(DRAIN_S)
            peaks.append(_peak_mb(sender))
    yield Row(f"{changes:,} queued reports are sent", "s", took_s)
    yield Row("the sender's peak memory with them", "MB", peaks[1], "a tenth", peaks[0], Bound(share=1.15, beside="it"))


def _under_faults(run: Run, world: World, changes: int) -> Results:
    """Each request meets a fault by chance, and the sender is killed every five seconds."""
    say(f"Reports under faults: {changes} changes, and the sender is killed every {KILL_S:.0f} s")
    world.begin()
    world.gateway.faults = True
    killed, kill_at = 0, time.monotonic() + KILL_S
    sender = world.start()
    try:
        for home in _paced(world, changes, FASTER):
            world.come(home)
            if time.monotonic() > kill_at:
                _end(sender, signal.SIGKILL)
                sender, killed, kill_at = world.start(), killed + 1, time.monotonic() + KILL_S
        drained_s = world.drain(DRAIN_S)
    finally:
        _end(sender)
        world.gateway.faults = False
    expected = {link: [person for person, _ in persons] for link, persons in world.expected.items()}
    found = world.persons()
    lost = sum(len(set(expected[link]) - set(found[link])) for link in expected)
    others = sum(len(set(found[link]) - set(expected[link])) for link in expected)
    turned = sum(
        found[link] != [person for person in expected[link] if person in set(found[link])] for link in expected
    )
    laid = len(world.store.laid_down())
    say(f"Killed {killed} times; drained {drained_s:.0f} s after the last change; {laid} put aside")
    peer: float | None = None
    try:
        run.need_peer()
        peer = _peer_lost(world, min(changes, PEERS))
    except NoPeer as error:
        yield LeftOut("Home Assistant's sender under the same faults", str(error))
    yield Row(
        f"of {changes:,} reports under faults and kills, lost", "%", 100 * lost / changes, "HA", peer, Bound(most=0.0)
    )
    yield Row("of them doubled beyond the message id", "%", 100 * others / changes, bound=Bound(most=0.0))
    yield Row("links whose reports came out of order", "", turned, bound=Bound(most=0.0))


def _peer_lost(world: World, changes: int) -> float:
    """Percent of doorbell events that Home Assistant's sender lost, which nobody kills."""
    say(f"Home Assistant's sender under the same faults: {changes} changes")
    world.gateway.taken.messages.clear()
    world.gateway.faults = True
    try:
        environment.reports(world.gateway.vendor.host, world.gateway.vendor.ca_file, changes, RATE)
    finally:
        world.gateway.faults = False
    rung = {endpoint for _, _, endpoint, _ in world.gateway.taken.first()}
    return 100 * (1 - len(rung) / changes)


def _paced(world: World, count: int, rate: float) -> Iterator[Household]:
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        yield world.homes[number % LINKS]


def _end(sender: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    sender.send_signal(number)
    sender.wait(30)
    assert sender.stdout is not None
    sender.stdout.close()


def _peak_mb(sender: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{sender.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
