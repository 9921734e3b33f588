"""The messages that the vendor sends its app, from a broker that really speaks MQTT, and hints that come of them."""

import importlib
import json
import random
import socket
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from showcam.drivers.driver import LONGEST_PAUSE_S, Hint
from showcam.drivers.errors import DriverError, VendorBusy, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.messages import Listener, Waits, hint_of, next_pause_s
from showcam.drivers.vendor import SignedIn
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.rude_broker import TOPIC, Connection, RudeBroker
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "Each code of EZVIZ's messages has its meaning, and an unknown one is logged once as a number",
    leans_on="published: messages that public programs print",
    also=("tests/registry/test_ezviz_bad_input.py",),
)

MB = 1024 * 1024


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"))
    running.configure(terminals=100)  # each test signs in again
    yield running
    running.stop()


WAITS = Waits(check_s=0.3, first_pause_s=0.1)


class Ears:
    """A household of the vendor's that is listened to."""

    def __init__(self, store: SqliteStore, vendor: SimulatorProcess, user: str, push: str) -> None:
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host, push=push)
        self.driver = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True)
        self.source = self._signed_in(store, user)
        self.hints: list[Hint] = []
        self.listener: Listener = self.driver.listen(self.source, self.hints.append, WAITS)

    def _signed_in(self, store: SqliteStore, user: str) -> Source:
        sessions.add_owner(store, user)
        source = sessions.find(store, user)
        assert source is not None
        answer = self.driver.sign_in(user, "showcam-demo", LONG_S)
        assert isinstance(answer, SignedIn)
        self.driver.sessions.signed_in(source, user, answer.session)
        return source

    def received(self) -> list[tuple[str, int, str]]:
        return [(hint.serial, hint.channel, hint.kind) for hint in self.hints if hint.serial]


@pytest.fixture
def hear(vendor: SimulatorProcess, store: SqliteStore) -> Iterator[Callable[..., Ears]]:
    made: list[Ears] = []

    def listening(user: str = "demo@example.com", push: str = "") -> Ears:
        made.append(Ears(store, vendor, user, push or vendor.push_host))
        return made[-1]

    yield listening
    for ears in made:
        ears.listener.stop()
    vendor.configure(push_fault="", pushes_rings=False)


@pytest.mark.parametrize(
    ("change", "kind", "only_bells"),
    [
        ({"motion": True}, "motion", False),
        ({"person": True}, "person", False),
        ({"press": True}, "doorbell", True),  # of an older doorbell, which pushes its code 0
    ],
)
def test_what_happens_is_heard(
    vendor: SimulatorProcess, hear: Callable[..., Ears], change: dict[str, bool], kind: str, only_bells: bool
) -> None:
    ears, serial = hear(), vendor.serial("Front Door")
    until(lambda: ears.listener.listening)
    vendor.configure(pushes_rings=True)
    vendor.control(serial, **change)
    until(ears.received)
    assert ears.received() == [(serial, 1, kind)]
    assert ears.hints[0] == Hint()  # and a hint about every device, for messages that were missed
    assert ears.hints[1].only_bells is only_bells
    listed = ears.driver.happened(ears.source, 0.0, LONG_S)
    assert ears.hints[1].message == listed[0].message != ""


def test_a_press_is_a_call_in_the_list_and_is_not_pushed(vendor: SimulatorProcess, hear: Callable[..., Ears]) -> None:
    ears, serial = hear(), vendor.serial("Front Door")
    until(lambda: ears.listener.listening)
    vendor.control(serial, press=True)
    vendor.control(serial, motion=True)
    until(ears.received)
    assert ears.received() == [(serial, 1, "motion")]
    motion, press = ears.driver.happened(ears.source, 0.0, LONG_S)[:2]
    assert (press.serial, press.channel, press.kind, press.only_bells) == (serial, 1, "doorbell", False)
    assert (motion.kind, press.message != "") == ("motion", True)


def test_a_session_that_goes_on_without_its_subscription_is_subscribed_again(
    vendor: SimulatorProcess, hear: Callable[..., Ears]
) -> None:
    vendor.configure(push_fault="resumed")
    ears = hear()
    until(lambda: ears.listener.listening)
    vendor.control(vendor.serial("Garden"), motion=True)
    until(ears.received)


def test_a_subscription_that_is_refused_counts_as_none_and_is_tried_again(
    vendor: SimulatorProcess, hear: Callable[..., Ears], caplog: pytest.LogCaptureFixture
) -> None:
    vendor.configure(push_fault="denied")
    ears = hear()
    until(lambda: [line for line in caplog.messages if "does not say that it will send messages" in line])
    assert not ears.listener.listening
    assert ears.hints == []
    vendor.configure(push_fault="")
    until(lambda: ears.listener.listening)


def test_a_household_gets_hints_of_its_own_and_of_shared_cameras_alone(
    vendor: SimulatorProcess, hear: Callable[..., Ears]
) -> None:
    demo, other = hear(), hear("other@example.com")
    until(lambda: demo.listener.listening and other.listener.listening)
    for name in ("Study", "Pond", "Garden"):
        vendor.control(vendor.serial(name), motion=True)
    until(lambda: len(demo.received()) == len(other.received()) == 2)
    assert {serial for serial, *_ in demo.received()} == {vendor.serial("Pond"), vendor.serial("Garden")}
    assert {serial for serial, *_ in other.received()} == {vendor.serial("Study"), vendor.serial("Garden")}


def test_nonsense_stops_nothing(vendor: SimulatorProcess, hear: Callable[..., Ears]) -> None:
    ears = hear()
    until(lambda: ears.listener.listening)
    vendor.configure(push_fault="garbage")
    for _ in range(3):
        vendor.control(vendor.serial("Garden"), motion=True)
    until(lambda: len(ears.received()) == 3)
    assert ears.listener.listening


def test_a_broken_connection_is_taken_up_again(vendor: SimulatorProcess, hear: Callable[..., Ears]) -> None:
    ears = hear()
    until(lambda: ears.listener.listening)
    vendor.configure(push_fault="drop")
    vendor.control(vendor.serial("Garden"), motion=True)
    until(lambda: ears.hints.count(Hint()) >= 2)
    vendor.configure(push_fault="")
    until(lambda: ears.listener.listening)
    before = len(ears.received())
    vendor.control(vendor.serial("Garden"), motion=True)
    until(lambda: len(ears.received()) > before)


def test_a_broker_that_refuses_is_connected_to_ever_less_often(
    vendor: SimulatorProcess, hear: Callable[..., Ears], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def short(low: float, high: float) -> float:
        pauses.append(low)
        return 0.01

    monkeypatch.setattr(random, "uniform", short)
    vendor.configure(push_fault="refuse")
    ears = hear()
    until(lambda: len(pauses) >= 3)
    assert not ears.listener.listening
    assert ears.hints == []


@pytest.mark.parametrize(
    ("error", "last_s", "expected_s"),
    [
        (VendorDown(""), 2.0, 4.0),
        (VendorDown(""), 200.0, LONGEST_PAUSE_S),
        (VendorBusy("HTTP 429", 30.0), 2.0, 30.0),
        (VendorBusy("HTTP 429", 3600.0), 200.0, 3600.0),
        (VendorBusy("HTTP 429"), 2.0, 4.0),
    ],
)
def test_the_pause_doubles_or_is_what_the_vendor_asks_for(error: DriverError, last_s: float, expected_s: float) -> None:
    assert next_pause_s(error, last_s) == expected_s


def test_a_renewed_session_is_listened_to_with_a_new_connection(
    vendor: SimulatorProcess, hear: Callable[..., Ears], store: SqliteStore
) -> None:
    ears = hear()
    until(lambda: ears.listener.listening)
    again = ears.driver.sign_in("demo@example.com", "showcam-demo", LONG_S)
    assert isinstance(again, SignedIn)
    ears.driver.sessions.signed_in(ears.source, "demo@example.com", again.session)
    until(lambda: ears.hints.count(Hint()) >= 2 and ears.listener.listening)


def test_a_dead_session_makes_no_connection_for_messages(
    vendor: SimulatorProcess, hear: Callable[..., Ears], store: SqliteStore
) -> None:
    ears = hear()
    until(lambda: ears.listener.listening)
    held = store.read_session(ears.source.account, ears.source.id)
    assert held is not None
    store.swap_session(
        ears.source.account, ears.source.id, version=held.version, secrets=held.secrets, state="needs_login"
    )
    until(lambda: not ears.listener.listening)
    vendor.control(vendor.serial("Garden"), motion=True)
    assert ears.received() == []


def test_no_private_place_is_connected_to(
    hear: Callable[..., Ears], vendor: SimulatorProcess, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a setting the account names the broker; this one names this machine, at a port that is not allowed."""
    ears = hear()
    ears.listener.stop()
    hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
    caplog.set_level("INFO")
    hints: list[Hint] = []
    listener = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True).listen(ears.source, hints.append)
    until(lambda: [line for line in caplog.messages if "is not listened to: vendor_down" in line])
    listener.stop()
    assert hints == []


MOST_AN_MQTT_PACKET_HOLDS = 268_435_455  # bytes (2.2.3)


@pytest.mark.parametrize(
    ("rudeness", "reason", "held"),
    [
        (lambda met: met.flood(MOST_AN_MQTT_PACKET_HOLDS), f"a message of {MOST_AN_MQTT_PACKET_HOLDS} bytes", 4 * MB),
        (lambda met: met.flood(65_537), "a message of 65537 bytes", 4 * MB),
        (
            lambda met: [met.publish(bytes(60_000), number) for number in range(1, 10_000)],
            "257 messages that it does not release",
            20 * MB,
        ),
    ],
    ids=["the longest message", "a message too long", "messages never released"],
)
def test_what_is_too_much_is_not_held(
    vendor: SimulatorProcess,
    hear: Callable[..., Ears],
    caplog: pytest.LogCaptureFixture,
    rudeness: Callable[[Connection], None],
    reason: str,
    held: int,
) -> None:
    """The connection ends with a word in the log, next to nothing was kept, and the next connection is listened to."""
    caplog.set_level("INFO")

    def then(met: Connection) -> None:
        if len(broker.connections) == 1:
            rudeness(met)
        else:
            met.publish(ext(1, "", "F00497201", 1, 10002))
        met.until_closed()

    broker = RudeBroker(then)
    importlib.import_module("showcam.drivers.ezviz.client")  # what that takes is not counted
    tracemalloc.start()
    try:
        ears = hear("other@example.com", push=broker.host)
        until(ears.received)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        ears.listener.stop()
        broker.close()
    assert ears.received() == [("F00497201", 1, "motion")]
    lines = [message for message in caplog.messages if f"{ears.source.id} is not listened to" in message]
    assert lines == [f"source {ears.source.id} is not listened to: vendor_down ({reason})"]
    assert ears.hints.count(Hint()) == 2
    assert broker.connections[0].sent < 32 * MB  # the rest was never taken from it, by the system neither
    assert most < held


def test_the_longest_message_that_is_taken(hear: Callable[..., Ears]) -> None:
    """65,536 bytes of a packet, its topic and the room of its text included."""
    message = json.loads(ext(1, "", "F00497201", 1, 10002))
    room = 65_536 - len(TOPIC) - len(json.dumps(message | {"more": ""}))
    broker = RudeBroker(lambda met: met.publish(json.dumps(message | {"more": "x" * room}).encode()))
    ears = hear("other@example.com", push=broker.host)
    until(ears.received)
    ears.listener.stop()
    broker.close()
    assert ears.received()[0] == ("F00497201", 1, "motion")


def test_a_broker_that_hangs_up_before_it_sends_is_no_fault_of_ours(
    hear: Callable[..., Ears], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ears = hear("other@example.com", push=f"127.0.0.1:{listening.getsockname()[1]}")
        listening.accept()[0].close()
        until(lambda: [line for line in caplog.messages if "not listened to" in line])
    ears.listener.stop()
    assert "the broker ended the connection before it sent messages" in caplog.text
    assert "Traceback" not in caplog.text


def ext(*fields: object) -> bytes:
    return json.dumps({"ext": ",".join(str(value) for value in fields)}).encode()


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (ext(1, "2026-01-01 00:00:00", "F00497201", 1, 10002), ("F00497201", 1, "motion")),
        (ext(1, "", "F00497201", "x", 99999), ("F00497201", 0, "read")),
        (ext(1, "", "F00497201", "-1", ""), ("F00497201", 0, "read")),
        (ext(1, "", "F00497201", "²", 10016), ("F00497201", 0, "doorbell")),
        (ext(1, "", "F00497201", 1, 0), ("F00497201", 1, "doorbell")),
        (ext(1, "", "F00497201", 1, 10120), ("F00497201", 1, "person")),
        (ext(1, "", "F00497201", 1, 10131), ("F00497201", 1, "motion")),
        (ext(1, "", "F00497201", 1, 10079), ("F00497201", 1, "motion")),
        (ext(1, "", "F00497201\ud83c", 1, 10002), ("F00497201", 1, "motion")),
        (ext(1, "", "", 1, 10002), None),
        (ext(1, "", "F" * 65, 1, 10002), None),
        (ext(1, "", "F00497201"), None),
        (b'{"ext": {"device_serial": "F00497201"}}', None),
        (b'{"ext": null}', None),
        (b"{}", None),
        (b"[]", None),
        (b"", None),
        (b"\xff\xfe", None),
        (b"[" * 50_000, None),
        (b'{"ext": "' + b"," * 100_000 + b'"}', None),
    ],
)
def test_what_a_message_hints_at(payload: bytes, expected: tuple[str, int, str] | None) -> None:
    hint = hint_of(payload)
    assert (hint and (hint.serial, hint.channel, hint.kind)) == expected
