"""What can be wrong at a household that its owner is notified of, and what is kept of it."""

from typing import Literal, TypeIs, get_args

import msgspec
from msgspec import Struct

from store.records import Notice

# encryption: Image Encryption of a camera was switched on. session: a vendor ended a source's session. lost: a camera
# in the house is at no address. tamper: a camera was turned away, covered or blinded; nothing says when that is mended.
# grant: an assistant takes no more reports of a link. ending: it says that a link has ended, like too many others at
# once. key: showcam's key for reports to an assistant can't be used. outbox: reports of a link can't be sent.
type Kind = Literal["encryption", "session", "lost", "tamper", "grant", "ending", "key", "outbox"]

KINDS: tuple[Kind, ...] = get_args(Kind.__value__)


class Fault(Struct, frozen=True):
    """`subject` is the id of a camera, a source or a link, or for a key the assistant.

    `told`: ids of the addresses that know.
    """

    account: str
    kind: Kind
    subject: str
    began: float
    lasts: bool = True  # False: it is mended, and the addresses of `told` have yet to be notified of that
    told: tuple[str, ...] = ()
    version: int = 0

    @property
    def key(self) -> str:
        return key_of(self.kind, self.subject)


class _Kept(Struct):
    began: float
    lasts: bool
    told: tuple[str, ...]


_decoder = msgspec.json.Decoder(_Kept)


def key_of(kind: Kind, subject: str) -> str:
    return f"{kind}/{subject}"


def encoded(fault: Fault) -> bytes:
    return msgspec.json.encode(_Kept(fault.began, fault.lasts, fault.told))


def decoded(notice: Notice) -> Fault | None:
    """None for a row of another version."""
    kind, _, subject = notice.fault.partition("/")
    if not _is_kind(kind):
        return None
    try:
        kept = _decoder.decode(notice.data)
    except msgspec.MsgspecError:
        return None
    return Fault(notice.account, kind, subject, kept.began, kept.lasts, kept.told, notice.version)


def _is_kind(word: str) -> TypeIs[Kind]:
    return word in KINDS
