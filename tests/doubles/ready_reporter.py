"""An assistant that takes what it is told, or fails as it is set to; and the reporter that speaks to it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from showcam.drivers.camera import State
from showcam.registry.reporting.reporter import Happened, NotTold, Tell, Told, ToldOf, Undeliverable, message_id
from showcam.store.records import Assistant, Link

STATES = ("online", "asleep", "encryption", "audio", "motion")


class Message(Struct, frozen=True):
    id: str
    kind: str  # "listed", "gone", "states", or what happened
    camera: str  # its id
    text: str = ""  # its name (listed), its states, or when it happened


@dataclass
class Service:
    """The assistant's own server. `faults` are used up one by one, by whoever sends: None lets a message pass.

    `lost`: the message is taken, and its answer is not received.
    """

    faults: list[NotTold | None] = field(default_factory=list)
    lost: bool = False
    refuses: str = ""  # the name of a camera about which each message is refused for good
    taken: list[Message] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    before_send: Callable[[Message], None] = lambda message: None
    after_send: Callable[[Message], None] = lambda message: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _read: int = 0

    def send(self, message: Message) -> None:
        self.before_send(message)
        with self._lock:
            fault = self.faults.pop(0) if self.faults else None
            if fault is None or self.lost:
                self.taken.append(message)
        self.after_send(message)
        if fault is not None:
            raise fault

    @property
    def once(self) -> list[Message]:
        """What it acts on: it takes a message with a known id for a repetition."""
        return list({message.id: message for message in reversed(self.taken)}.values())[::-1]

    @property
    def known(self) -> dict[str, dict[str, str]]:
        """By camera name: its states."""
        names: dict[str, str] = {}
        states: dict[str, dict[str, str]] = {}
        for message in self.once:
            match message.kind:
                case "listed":
                    names[message.camera] = message.text
                case "gone":
                    names.pop(message.camera, None)
                case "states":
                    states[message.camera] = dict(pair.split("=") for pair in message.text.split(" "))
        return {name: states.get(camera, {}) for camera, name in names.items()}

    def drain(self) -> list[str]:
        """What was taken since the last call: of each message its kind and camera, by the name it was last given."""
        names = {message.camera: message.text for message in self.taken if message.kind == "listed"}
        new, self._read = self.taken[self._read :], len(self.taken)
        return [f"{message.kind} {names.get(message.camera, '')}".rstrip() for message in new]


class ReadyReporter:
    """One message for each camera that is listed otherwise, has other states or is gone, and for what happened."""

    def __init__(self, service: Service, assistant: Assistant = "alexa") -> None:
        self.service, self.assistant = service, assistant
        self.may = True
        self.version = "1"  # another one offers more of each camera
        self.tells: list[Tell] = []
        self.error: NotTold | Exception | None = None  # raised by each call

    def may_tell(self, link: Link) -> bool:
        return self.may

    def end(self, agent_user: str, deadline_s: float) -> None:
        if self.error is not None:
            raise self.error
        self.service.ended.append(agent_user)

    def tell(self, tell: Tell) -> Told:
        self.tells.append(tell)
        if self.error is not None:
            raise self.error
        knows, done, refused = dict(tell.told.cameras if tell.told else {}), set[str](), list[str]()
        try:
            for camera_id in sorted(knows.keys() - tell.now.states.keys()):
                self.service.send(Message(message_id(tell.turn, "gone", camera_id), "gone", camera_id))
                del knows[camera_id]
            for camera_id, state in tell.now.states.items():
                knows[camera_id] = self._camera(tell, knows.get(camera_id, ToldOf()), state, refused)
            for event in tell.happened:
                self._event(tell, event)
                done.add(event.row)
        except NotTold as error:
            error.told, error.happened = Told(knows), frozenset(done)
            raise
        if refused:
            raise Undeliverable("refused", cameras=tuple(refused), told=Told(knows), happened=frozenset(done))
        return Told(knows)

    def _camera(self, tell: Tell, was: ToldOf, state: State, refused: list[str]) -> ToldOf:
        camera = state.camera
        states = {name: str(getattr(camera, name)) for name in STATES} | {"shown": str(state.refusal is None)}
        listed = f"{camera.name} {self.version}"
        if self.service.refuses == camera.name and (was.listed, was.states) != (listed, states):
            refused.append(camera.id)
        elif (was.listed, was.states) != (listed, states):
            turn = tell.turn_of(camera.id)
            if was.listed != listed:
                self.service.send(Message(message_id(turn, camera.id, listed), "listed", camera.id, camera.name))
            if was.states != states:
                text = " ".join(f"{name}={value}" for name, value in states.items())
                self.service.send(Message(message_id(turn, camera.id, text), "states", camera.id, text))
        return ToldOf(listed, states, was.turn)

    def _event(self, tell: Tell, event: Happened) -> None:
        self.service.send(Message(message_id(event.row), event.kind, event.camera, f"{event.at}"))
