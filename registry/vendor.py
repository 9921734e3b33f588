"""What a camera vendor's sign-in is to showcam, whichever vendor it is."""

from typing import Any, Literal, Protocol

from msgspec import Struct

from store.records import Source, SourceKind


class SignedIn(Struct, frozen=True):
    """`session` is the vendor's own, for `Sessions` alone."""

    session: dict[str, Any]


class CodeSent(Struct, frozen=True):
    """The account wants a code, which the vendor has just sent; it must be brought to `host`."""

    host: str


class Rejected(Struct, frozen=True):
    why: Literal["wrong", "locked", "terminals", "too_often", "wrong_code", "unsupported"]


type Verdict = SignedIn | CodeSent | Rejected


class Sessions(Protocol):
    """What is sealed for the vendor's sources."""

    kind: SourceKind

    def waiting(self, user: str) -> bytes:
        """To be sealed for a source that nobody has signed in to yet."""
        ...

    def signed_in(self, source: Source, user: str, session: dict[str, Any]) -> None:
        """Raises VendorDown where it can't be kept."""
        ...

    def agreed(self, source: Source) -> None:
        """Its owner was told which pictures come by a connection that others could listen to, and agreed.

        Raises registry.errors.DriverError.
        """
        ...


class Vendor(Protocol):
    @property
    def sessions(self) -> Sessions: ...

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        """Asked once; the password is not kept. Raises registry.errors.DriverError."""
        ...
