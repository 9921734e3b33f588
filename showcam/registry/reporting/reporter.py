"""The contract between `showcam/registry/reporting` and the doors that report to assistants.

Telling decides when a link is reported to, and repeats what failed. A reporter compares what is with what its assistant
was last told, sends the difference, and answers what the assistant knows then. It keeps nothing of its own.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, Self

from msgspec import Struct

from showcam.drivers.camera import Camera, State
from showcam.drivers.driver import EventKind
from showcam.store.records import Assistant, Link

_MESSAGES = uuid.UUID("5a0f6a0e-6f3c-4f6e-9b0a-2f0f4c0d8d11")  # the namespace of message ids, made for this alone


class Now(Struct, frozen=True):
    """The cameras that the link may see, as whoever asks is answered: Discover, SYNC, ReportState, QUERY.

    It is made from the last readings of all processes and calls no vendor. A camera's motion and person are "on" for
    half a minute after they were seen; `ends` is when the next of them goes off, epoch seconds, None: none is on.
    """

    cameras: tuple[Camera, ...]
    states: Mapping[str, State]  # by camera id; each of `cameras` has one
    ends: float | None = None


class ToldOf(Struct, frozen=True):
    """What an assistant was last told of one camera, as fingerprints that the reporter makes and alone understands.

    A fingerprint is a short text: the same for the same thing in every process and after a restart, so never `hash()`.
    After an upgrade that makes a camera more capable, `listed` differs, and the assistant is told.
    """

    listed: str = ""  # of what Discover or SYNC lists for it; "": the assistant does not have it
    states: Mapping[str, str] = {}  # by the reporter's own name of a state: of its value
    turn: int = 0  # telling sets it when the rest changes; a reporter leaves it as it is


class Told(Struct, frozen=True):
    """What an assistant knows of a link. A camera that is absent from it, is absent there."""

    cameras: Mapping[str, ToldOf] = {}  # by camera id


class Happened(Struct, frozen=True):
    """Somebody moved or rang. It is told once, and never again later: a state says what still is."""

    row: str  # unique; the message about it gets its id from this
    camera: str
    kind: EventKind
    at: float  # epoch seconds, when it happened at the camera


class Tell(Struct, frozen=True):
    """One call of a reporter."""

    link: Link
    now: Now
    told: Told | None  # None: the assistant was told nothing by reports yet; so all of `now` is told
    happened: tuple[Happened, ...]  # oldest first; each of a camera in `now`
    listed: bool  # whether the assistant has ever fetched the list (Discover, SYNC) under this link
    turn: str  # for `message_id` of a message about several cameras; another once something of a call was accepted
    deadline_s: float  # for the whole call, tokens included

    def turn_of(self, camera: str) -> str:
        """For `message_id` of a message about one camera: another once something about it was accepted."""
        told = self.told.cameras.get(camera) if self.told else None
        return f"{self.link.id}/{told.turn}" if told else self.turn


class Reporter(Protocol):
    """Safe to call from many threads, of one link by one thread at a time. Raises StoreUnavailable as well."""

    @property
    def assistant(self) -> Assistant: ...

    def may_tell(self, link: Link) -> bool:
        """Whether showcam has what it takes to report under the link: a grant or a key of its present client.

        Calls nobody. `proactivelyReported` and `willReportState` are this answer. While it is False nothing is sent and
        changes are forgotten. Whatever makes it True, as AcceptGrant does, calls the store's `look(account, at, link)`.
        """
        ...

    def tell(self, tell: Tell) -> Told:
        """Sends what differs, in this order: cameras that are gone, new or listed otherwise; states; what happened.

        Answers what the assistant knows when all of it was accepted. Sends nothing where nothing differs. Raises one of
        the errors below where the service did not accept everything, with what it did accept.
        """
        ...

    def end(self, agent_user: str, deadline_s: float) -> None:
        """The link with this `Link.agent_user` has ended here: the assistant is told where it has a call for that.

        That it knows of no such user is success. Raises TryAgain, Undeliverable.
        """
        ...


class NotTold(Exception):
    """Not everything was accepted. The text is for the log and the owner: no name, token, id or answer's body in it.

    `told`: what the assistant knows now, None: what it knew before; `happened`: the rows of those it accepted.
    """

    def __init__(self, reason: str, *, told: Told | None = None, happened: frozenset[str] = frozenset()) -> None:
        super().__init__(reason)
        self.reason, self.told, self.happened = reason, told, happened


class TryAgain(NotTold):
    """The service can't take it now: no answer in time, 429, 5xx, a 401, after which the token was renewed.

    `after_s`: what the service asked to wait (Retry-After), 0.0: nothing. Telling spaces the tries, with jitter.
    """

    def __init__(
        self,
        reason: str,
        after_s: float = 0.0,
        *,
        told: Told | None = None,
        happened: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(reason, told=told, happened=happened)
        self.after_s = after_s


class Later(NotTold):
    """All was accepted but what the service should not be asked yet: it is told in `after_s`, and holds up no ring."""

    def __init__(self, reason: str, after_s: float, *, told: Told, happened: frozenset[str]) -> None:
        super().__init__(reason, told=told, happened=happened)
        self.after_s = after_s


class Refused(TryAgain):
    """The service refuses the link or the key (403, 404), which may pass: nothing ends, and the owner is notified.

    Telling tries again after seconds and minutes, then hourly, and from the second day daily. `hourly`: never more
    rarely than hourly.
    """

    hourly = False


class RefusedKey(Refused):
    """The service refuses showcam's own key, which serves all links: a mended key must not wait for a day."""

    hourly = True


class NotNow(Refused):
    """The assistant does not know this user (404). What it was told is forgotten.

    It is tried again as after any refusal, and a few seconds after the assistant has fetched the list.
    """


class Unlinked(NotTold):
    """The assistant has ended the link (SKILL_DISABLED, invalid_grant): it ends here too."""


class GrantDead(NotTold):
    """There is no grant or key to report with, though the link lives on. `may_tell` is False from here on.

    What it was told is forgotten, and the owner is notified.
    """


class Undeliverable(NotTold):
    """The service refused a message for good (400, 413): repeating it is no use.

    The reporter goes on with the other messages first. In `told` the refused cameras are as if they had been told, so
    that they are not sent again before they change. `cameras`: their ids; `happened` holds refused rows, too.
    """

    def __init__(
        self,
        reason: str,
        *,
        cameras: tuple[str, ...] = (),
        told: Told | None = None,
        happened: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(reason, told=told, happened=happened)
        self.cameras = cameras


def message_id(turn: str, *about: str) -> str:
    """A UUID for a message: the same when it is sent again after a crash or a lost answer, so the service can tell.

    `about` names all that makes the message what it is: its kind, camera and fingerprints. `turn` is `Tell.turn_of` for
    a camera's state, `Tell.turn` for several cameras (added, gone, Request Sync), `Happened.row` for what happened.
    """
    return str(uuid.uuid5(_MESSAGES, "\n".join((turn, *about))))


class Turn:
    """`cameras`: what the assistant knows now. A reporter writes it as its messages are accepted.

    A door's own turn is made of this one and of the way to its assistant.
    """

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.cameras: dict[str, ToldOf] = dict(tell.told.cameras) if tell.told else {}
        self._happened: set[str] = set()
        self._reasons: list[str] = []
        self._refused: set[str] = set()

    def take(self, send: Callable[[Self], None], announce: Callable[[Self, Camera, Happened], None]) -> Told:
        """Sends what differs, then announces what happened of cameras in `tell.now`, the oldest first.

        Raises NotTold with what was accepted before it; Undeliverable when all was sent and some of it was refused.
        """
        try:
            send(self)
            for happened in self.tell.happened:
                if (camera := self._camera(happened.camera)) is not None:
                    announce(self, camera, happened)
                self._happened.add(happened.row)
        except NotTold as error:
            error.told, error.happened = self._told, frozenset(self._happened)
            raise
        if self._reasons:
            raise Undeliverable(
                "; ".join(dict.fromkeys(self._reasons)),
                cameras=tuple(sorted(self._refused)),
                told=self._told,
                happened=frozenset(self._happened),
            )
        return self._told

    def refuse(self, reason: str, cameras: Iterable[str]) -> None:
        """Notes a message that the assistant refused for good. Its cameras are as if it had been accepted."""
        self._reasons.append(reason)
        self._refused.update(cameras)

    @property
    def _told(self) -> Told:
        return Told(self.cameras)

    def _camera(self, camera_id: str) -> Camera | None:
        return next((camera for camera in self.tell.now.cameras if camera.id == camera_id), None)


def fingerprint(data: bytes) -> str:
    """A fingerprint that is the same for the same bytes in every process and after a restart."""
    return hashlib.sha256(data).hexdigest()[:16]


class Unreported:
    def __init__(self, assistant: Assistant) -> None:
        self.assistant: Assistant = assistant

    def may_tell(self, link: Link) -> bool:
        return False

    def tell(self, tell: Tell) -> Told:
        raise GrantDead("showcam has no key for reports to this assistant")

    def end(self, agent_user: str, deadline_s: float) -> None:
        """Nobody is told."""
