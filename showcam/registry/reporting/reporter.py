"""The contract between `showcam/registry/reporting` and the doors that report to assistants.

Delivery decides when a link is reported to, and repeats failed calls. A reporter compares the present state with the
last report to the assistant, sends the difference, and returns what the assistant knows then. A reporter stores
nothing.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, Self

from msgspec import Struct

from showcam.drivers.camera import Camera, State
from showcam.drivers.driver import EventKind
from showcam.store.outbox import Why
from showcam.store.records import Assistant, Link

LATE_S = 300.0  # an older happening is no longer reported
_MESSAGES = uuid.UUID("5a0f6a0e-6f3c-4f6e-9b0a-2f0f4c0d8d11")  # the namespace of message ids, made only for them


class Now(Struct, frozen=True):
    """The cameras that the link may see, as in the answers to Discover, SYNC, ReportState and QUERY.

    They come from the last readings of all processes; no vendor is called. A camera's motion and person are "on" for
    half a minute after they were seen. `ends`: when the next of them goes off, epoch seconds; None: none is on.
    `can_list`: whether Discover and SYNC can list the cameras. They can't while a source's list is a day old.
    """

    cameras: tuple[Camera, ...]
    states: Mapping[str, State]  # by camera id; each of `cameras` has one
    ends: float | None = None
    can_list: bool = True


class ToldOf(Struct, frozen=True):
    """The last report of a camera to an assistant, as fingerprints that only the reporter makes and understands.

    A fingerprint is a short text: the same for the same thing in every process and after a restart, so never `hash()`.
    After an upgrade that makes a camera more capable, `listed` differs, and the assistant is told.
    """

    listed: str = ""  # of the camera's entry in Discover or SYNC; "": the assistant does not have the camera
    states: Mapping[str, str] = {}  # fingerprints of values, by the reporter's own names of the states
    turn: int = 0  # Delivery sets this when the rest changes; a reporter leaves the turn unchanged


class Told(Struct, frozen=True):
    """An assistant's knowledge of a link. A camera that is absent here is absent at the assistant."""

    cameras: Mapping[str, ToldOf] = {}  # by camera id


class Happened(Struct, frozen=True):
    """Somebody moved or rang. This is reported once, and never later: a state says what still lasts."""

    row: str  # unique; the message's id is made from this
    camera: str
    kind: EventKind
    at: float  # epoch seconds, when it happened at the camera


class Tell(Struct, frozen=True):
    """One call of a reporter."""

    link: Link
    now: Now
    told: Told | None  # None: nothing was reported to the assistant yet, so all of `now` is reported
    happened: tuple[Happened, ...]  # oldest first; each of a camera in `now`
    listed: bool  # whether the assistant has ever fetched the list (Discover, SYNC) under this link
    turn: str  # for `message_id` of a message about several cameras; changes once something of a call was accepted
    deadline_s: float  # for the whole call, tokens included

    def turn_of(self, camera: str) -> str:
        """The turn for `message_id` of a message about one camera; changes once something about it was accepted."""
        told = self.told.cameras.get(camera) if self.told else None
        return f"{self.link.id}/{told.turn}" if told else self.turn


class Reporter(Protocol):
    """Safe to call from many threads, of one link by one thread at a time. Raises StoreUnavailable as well."""

    @property
    def assistant(self) -> Assistant: ...

    def may_tell(self, link: Link) -> bool:
        """Whether showcam can report under the link: it needs a grant or a key of the link's present client.

        Calls nobody. `proactivelyReported` and `willReportState` have this value. While it is False, nothing is sent
        and changes are forgotten. A step that makes `may_tell` True, as AcceptGrant
        does, calls the store's `look(account, at, link)`.
        """
        ...

    def tell(self, tell: Tell) -> Told:
        """Sends the differences in this order: cameras that are gone, new or listed otherwise; states; happenings.

        Returns what the assistant knows once everything was accepted. Sends nothing if nothing differs. Raises one of
        the errors below if the service did not accept everything; the error holds what was accepted.
        """
        ...

    def end(self, agent_user: str, deadline_s: float) -> None:
        """Reports that the link with this `Link.agent_user` has ended here, if the assistant has a call for it.

        If the assistant does not know the user, the call succeeded. Raises TryAgain, Undeliverable.
        """
        ...


class NotTold(Exception):
    """Not everything was accepted. The text is for the log and the owner: no name, token, id or answer's body in it.

    `why`: its kind, which is stored; each class has its own unless the service's answer says more. `after_s`: the wait
    that the service asked for, 0.0: none. `told`: the assistant's present knowledge, None: unchanged. `happened`: the
    rows of the accepted happenings. `cameras`: the ids of the cameras whose messages were refused for good.
    """

    why: Why = "trouble"

    def __init__(
        self,
        reason: str,
        after_s: float = 0.0,
        *,
        why: Why | None = None,
        told: Told | None = None,
        happened: frozenset[str] = frozenset(),
        cameras: tuple[str, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.reason, self.after_s, self.told, self.happened, self.cameras = reason, after_s, told, happened, cameras
        self.why = why or self.why


class TryAgain(NotTold):
    """The service can't take it now: no answer in time, 429, 5xx, or a 401, and then the token was renewed.

    Delivery spaces the tries, with jitter, unless the service asked for a wait (Retry-After).
    """


class Later(NotTold):
    """All was accepted, except what the service should not be asked yet.

    The rest is reported in `after_s` seconds, and holds up no ring.
    """


class Refused(TryAgain):
    """The service refuses the link or the key (403, 404), which may pass: nothing ends, and the owner is notified.

    Delivery tries again after seconds and minutes, then hourly, and from the second day daily. `hourly`: never more
    rarely than hourly.
    """

    why: Why = "permission"
    hourly = False


class RefusedKey(Refused):
    """The service refuses showcam's own key, which serves all links: a fixed key must not wait for a day."""

    hourly = True


class NotNow(Refused):
    """The assistant does not know this user (404). The last report is forgotten.

    Delivery tries again as after any refusal, and a few seconds after the assistant has fetched the list.
    """

    why: Why = "unknown_user"


class Unlinked(NotTold):
    """The assistant has ended the link (SKILL_DISABLED, invalid_grant): it ends here too."""

    why: Why = "permission"


class GrantDead(NotTold):
    """There is no grant or key to report with, though the link lives on. `may_tell` is False from here on.

    The last report is forgotten, and the owner is notified.
    """

    why: Why = "permission"


class Undeliverable(NotTold):
    """The service refused a message for good (400, 413): repeating it is no use.

    The reporter goes on with the other messages first. In `told` the refused cameras count as reported, so that they
    are not sent again before they change. `happened` holds refused rows, too.
    """

    why: Why = "refused"


class Rejected(Exception):
    """The service refused this one message for good. `why`: "too_large" if its size is the reason."""

    def __init__(self, reason: str, why: Why = "refused") -> None:
        super().__init__(reason)
        self.why = why


def message_id(turn: str, *about: str) -> str:
    """A UUID for a message: the same when it is sent again after a crash or a lost answer, so the service can tell.

    `about` names all that makes the message what it is: its kind, camera and fingerprints. `turn` is `Tell.turn_of` for
    a camera's state, `Tell.turn` for several cameras (added, gone, Request Sync), `Happened.row` for what happened.
    """
    return str(uuid.uuid5(_MESSAGES, "\n".join((turn, *about))))


class Turn:
    """`cameras`: the assistant's present knowledge. A reporter writes it as messages are accepted.

    A door's own turn is made of this one and of the way to its assistant.
    """

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.cameras: dict[str, ToldOf] = dict(tell.told.cameras) if tell.told else {}
        self._happened: set[str] = set()
        self._rejected: list[str] = []
        self._why: Why = "refused"
        self._refused: set[str] = set()

    def take(self, send: Callable[[Self], None], announce: Callable[[Self, Camera, Happened], None]) -> Told:
        """Sends the differences, then announces the happenings of cameras in `tell.now`, the oldest first.

        Raises NotTold with what was accepted before it; Undeliverable when all was sent and some of it was refused.
        """
        try:
            send(self)
            for happened in self.tell.happened:
                if (camera := self._camera(happened.camera)) is not None:
                    announce(self, camera, happened)
                self._happened.add(happened.row)
        except NotTold as error:
            error.told, error.happened = self._reported, frozenset(self._happened)
            raise
        if self._rejected:
            raise Undeliverable(
                "; ".join(dict.fromkeys(self._rejected)),
                why=self._why,
                cameras=tuple(sorted(self._refused)),
                told=self._reported,
                happened=frozenset(self._happened),
            )
        return self._reported

    def refuse(self, message: str, error: Rejected, cameras: Iterable[str]) -> None:
        """Notes a message that the assistant refused for good. Its cameras count as if the message was accepted."""
        self._rejected.append(f"{message}: {error}")
        self._why = error.why
        self._refused.update(cameras)

    @property
    def _reported(self) -> Told:
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
        """Does nothing: there is nobody to report to."""
