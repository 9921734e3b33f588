"""Keeps at a broker what Home Assistant needs of the household's cameras, and hands its commands on.

The broker holds the states: after each connection showcam publishes all states again, and what an earlier showcam left
there of cameras that are gone is taken back. A ring while nobody was connected is not published later.
"""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from showcam.drivers.driver import LONGEST_PAUSE_S, RETRY_S
from showcam.drivers.errors import Unavailable
from showcam.i18n.catalogue import Language, chosen
from showcam.mqtt import status
from showcam.mqtt.broker import Broker
from showcam.mqtt.commands import Commands, Switch
from showcam.mqtt.connection import Connection, Ended
from showcam.mqtt.entities import ASSISTANTS, RING, Topics, discovery, state, switches
from showcam.mqtt.status import Outcome, Status
from showcam.net.child import ENDING_S
from showcam.registry.quiet_times import of_household
from showcam.registry.readings.changes import REREAD_S
from showcam.registry.reporting.camera_states import CameraStates, Present
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Account, Happening

log = structlog.get_logger()

MOST_RINGS = 256  # rings of half a minute that are known
GONE = b""  # an empty retained message deletes the retained message of its topic

type Ring = tuple[str, float]  # camera id and epoch seconds


class Publisher:
    """`run` has its own thread; `wake` is for `Changes.subscribe` and does not wait.

    `file`: gets the status. Only households of the installation's owner are published, and none that was invited.
    """

    def __init__(
        self,
        broker: Broker,
        present: CameraStates,
        store: Store,
        commands: Commands,
        *,
        node: str,
        version: str,
        file: Path,
        ca_file: Path | None = None,
        clock: Callable[[], float] = time.time,
        first_pause_s: float = RETRY_S,
    ) -> None:
        self._broker, self._present, self._store, self._commands = broker, present, store, commands
        self._topics, self._version, self._file, self._ca_file = Topics(node), version, file, ca_file
        self._clock, self._first_pause_s = clock, first_pause_s
        self._connection: Connection | None = None
        self._written: Status | None = None
        self._ended = threading.Event()
        self._published: dict[str, bytes] = {}  # by topic, since this connection began
        self._found: set[str] = set()  # cameras with a state that was at the broker before
        self._rings: OrderedDict[Ring, None] = OrderedDict()
        self._is_obeying = False
        self._since = 0.0  # when this connection began, in epoch seconds

    def wake(self, _change: object = None) -> None:
        connection = self._connection
        if connection is not None:
            connection.wake()

    def close(self) -> None:
        """Ends `run`, which tells the broker that showcam is offline."""
        self._ended.set()
        self.wake()

    def run(self) -> None:
        pause_s = self._first_pause_s
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                self._serve()
            except Ended as ended:
                if ended.outcome != "connected":
                    self._note(ended.outcome)
                elif time.monotonic() - began < REREAD_S:
                    self._note("no_broker")  # no broker ends each connection at once
            except Exception:
                log.exception("the MQTT broker is not served")
            pause_s = self._first_pause_s if time.monotonic() - began > pause_s else min(LONGEST_PAUSE_S, pause_s * 2)
            # many houses may have one broker, which has just come back
            self._ended.wait(pause_s * random.uniform(0.75, 1.25))  # noqa: S311

    def _serve(self) -> None:
        """Publishes until the connection ends. Raises Ended."""
        self._published, self._found, self._is_obeying, self._since = {}, set(), False, self._clock()
        connection = Connection(self._broker, self._topics, self._ca_file, self._receive)
        self._connection = connection
        try:
            self._note("connected")
            connection.subscribe(self._topics.all_states, retained=True)
            due = time.monotonic()
            while not self._ended.is_set():
                if connection.turn(max(0.0, due - time.monotonic())) or time.monotonic() >= due:
                    due = time.monotonic() + REREAD_S
                    self._refresh(connection)
                    self._note("unwritable" if connection.unwritable else "connected")
        finally:
            self._connection = None
            connection.close()

    def _receive(self, topic: str, payload: bytes, retained: bool) -> None:
        if camera := self._topics.camera_of(topic):
            if retained and payload:
                self._found.add(camera)
        else:
            self._commands.take(topic, payload, retained=retained)

    def _note(self, outcome: Outcome) -> None:
        """Writes the status if it is new, and logs a new outcome."""
        now = Status(outcome, self._commands.ignored.total())
        if now == self._written:
            return
        if self._written is None or self._written.outcome != outcome:
            say = log.info if outcome == "connected" else log.warning
            say("the MQTT broker", outcome=outcome)
        self._written = now
        status.write(self._file, now)

    def _refresh(self, connection: Connection) -> None:
        """Publishes the differences. A camera that can't be read now stays at the broker unchanged."""
        try:
            self._publish(connection)
        except StoreUnavailable as error:
            log.warning("the cameras can't be read for MQTT", error=type(error).__name__)

    def _publish(self, connection: Connection) -> None:
        wanted: dict[str, bytes] = {}
        allowed: dict[str, Switch] = {}
        cameras: set[str] = set()
        is_whole = True
        for account in self._store.accounts():
            if account.origin != "owner":
                continue
            try:
                found, newest = self._present.of_household(account.id, ASSISTANTS)
            except Unavailable:
                is_whole = False
                continue
            cameras.update(present.camera.id for present in found)
            self._describe(found, chosen([account.locale]), wanted)
            allowed |= self._switches(account, found)
            self._ring(connection, account, newest)
        self._obey(connection, allowed)
        self._send(connection, wanted)
        if is_whole:
            self._take_back(connection, cameras)

    def _describe(self, found: list[Present], language: Language, wanted: dict[str, bytes]) -> None:
        for present in found:
            camera = present.camera.id
            wanted[self._topics.discovery(camera)] = discovery(present, self._topics, language, self._version)
            wanted[self._topics.state(camera)] = state(present, language)

    def _switches(self, account: Account, found: list[Present]) -> dict[str, Switch]:
        return {
            self._topics.command(present.camera.id, setting): Switch(account.id, present.camera.id, setting)
            for present in found
            for setting in switches(present)
        }

    def _send(self, connection: Connection, wanted: Mapping[str, bytes]) -> None:
        for topic, payload in wanted.items():
            if self._published.get(topic) != payload:
                connection.publish(topic, payload)
                self._published[topic] = payload

    def _take_back(self, connection: Connection, cameras: set[str]) -> None:
        """Takes back cameras that are gone: of this connection, or found at the broker."""
        of_this = {camera for topic in self._published if (camera := self._topics.camera_of(topic))}
        for gone in (of_this | self._found) - cameras:
            for topic in (self._topics.discovery(gone), self._topics.state(gone)):
                connection.publish(topic, GONE)
                self._published.pop(topic, None)
        self._found.clear()

    def _obey(self, connection: Connection, allowed: Mapping[str, Switch]) -> None:
        """Subscribes to commands only while the owner allows one."""
        self._commands.allow(allowed)
        if bool(allowed) != self._is_obeying:
            self._is_obeying = bool(allowed)
            if allowed:
                connection.subscribe(self._topics.all_commands, retained=False)
            else:
                connection.unsubscribe(self._topics.all_commands)

    def _ring(self, connection: Connection, account: Account, newest: list[Happening]) -> None:
        """Publishes each ring since this connection began, once, unless the household's quiet times hold it back."""
        rings = [(happening.camera, happening.at) for happening in newest if happening.kind == "doorbell"]
        new = [ring for ring in rings if ring not in self._rings and ring[1] >= self._since]
        if not new:
            return
        quiet = of_household(self._store, account.id)
        for camera, at in new:
            self._rings[camera, at] = None
            if not quiet.hold(at):
                connection.ring(self._topics.ring(camera), RING)
        while len(self._rings) > MOST_RINGS:
            self._rings.popitem(last=False)


def start(
    publisher: Publisher, commands: Commands, subscribe: Callable[[Callable[[object], None]], object]
) -> Callable[[], None]:
    """Starts both threads. Returns a function that ends the connection."""
    subscribe(publisher.wake)
    publishing = threading.Thread(target=publisher.run, name="mqtt", daemon=True)
    changing = threading.Thread(target=commands.run, args=(publisher.wake,), name="mqtt commands", daemon=True)
    publishing.start()
    changing.start()

    def end() -> None:
        publisher.close()
        commands.close()
        publishing.join(ENDING_S)

    return end
