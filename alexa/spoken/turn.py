"""One exchange of a conversation: what Alexa recognised, and what it is to say and show."""

from dataclasses import dataclass, field

from alexa.deadline import Deadline
from store.records import Link
from words.catalogue import Language


@dataclass(frozen=True, slots=True)
class Turn:
    link: Link
    language: Language
    heard: str = ""  # the camera's name as Alexa recognised it
    screen: bool = False  # whether the device has a VideoApp
    pending: dict[str, str] = field(default_factory=dict)  # what the previous reply left open
    deadline: Deadline = field(default_factory=Deadline)

    @property
    def left_s(self) -> float:
        return self.deadline.left_s


@dataclass(frozen=True, slots=True)
class Reply:
    """What Alexa says and shows. `open`: the session waits for an answer.

    `pending` comes back with the next turn: `about` (a wish that lacks its camera), `offer` (a wish that a yes grants),
    `sound_of` (a camera id whose sound a yes turns on), `name` and `reason` (of the camera spoken of).
    """

    speech: str
    open: bool = False
    card: tuple[str, str] | None = None  # title, text
    video: tuple[str, str] | None = None  # HLS address, title
    pending: dict[str, str] = field(default_factory=dict)
    names: tuple[tuple[str, str], ...] = ()  # (id, name): for Alexa's speech recognition
