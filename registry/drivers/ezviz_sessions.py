"""A source's EZVIZ session, shared by all processes through the store: who renews it first, wins for everybody."""

import time
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from registry.drivers.ezviz_open_tokens import Key
from registry.errors import SignedOut, VendorDown
from store.ports import Store
from store.records import Source, SourceState

WAIT_S = 1.0  # for another process that has renewed the session and is about to say so
TRIES = 5


class Secrets(Struct, frozen=True):
    """What is sealed for an EZVIZ source. `session` is pyezvizapi's token; never the password."""

    user: str
    session: dict[str, Any] | None = None
    open: Key | None = None
    codes: dict[str, str] = {}  # what opens cameras on the LAN, by serial
    sub_account: str = ""  # id of the household's sub-account under the installation's developer key


class Held(Struct, frozen=True):
    """The secrets as they stood when read."""

    secrets: Secrets
    state: SourceState
    version: int


class Sessions:
    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, source: Source) -> Held:
        """Raises SignedOut when there is nothing."""
        row = self._store.read_session(source.account, source.id)
        if row is None:
            raise SignedOut
        try:
            return Held(msgspec.json.decode(row.secrets, type=Secrets), row.state, row.version)
        except msgspec.MsgspecError:
            raise SignedOut from None

    def signed_in(self, source: Source, user: str, session: dict[str, Any]) -> None:
        """A person signed in: that beats whatever stands there; only the Open Platform key is kept."""
        for _ in range(TRIES):
            held = self.read(source)
            if self._swap(source, held, replace(held.secrets, user=user, session=session), "ok"):
                return
        raise VendorDown("the session could not be kept")

    def renewed(self, source: Source, old: str, session: dict[str, Any]) -> dict[str, Any]:
        """Keep the session that was had for the one with id `old`; returns the one that counts from now on."""
        for _ in range(TRIES):
            held = self.read(source)
            stands = held.secrets.session
            if stands is not None and stands["session_id"] != old:
                return stands  # another process was first, and everybody uses what it wrote
            # a failed renewal elsewhere may have said "needs_login" meanwhile: this session lives and says otherwise
            if self._swap(source, held, replace(held.secrets, session=session), "ok"):
                return session
        raise VendorDown("the session could not be kept")

    def keep_code(self, source: Source, serial: str, code: str) -> None:
        """ "" forgets it."""
        for _ in range(TRIES):
            held = self.read(source)
            codes = {each: known for each, known in held.secrets.codes.items() if each != serial}
            if code:
                codes[serial] = code
            if self._swap(source, held, replace(held.secrets, codes=codes), held.state):
                return
        raise VendorDown("the code could not be kept")

    def dead(self, source: Source, old: str, wait_s: float) -> dict[str, Any]:
        """The vendor would not renew the session with id `old`: another process's, or SignedOut for all."""
        end = time.monotonic() + min(WAIT_S, wait_s)
        while True:
            held = self.read(source)
            stands = held.secrets.session
            if stands is not None and stands["session_id"] != old:
                return stands
            if time.monotonic() >= end:
                self._swap(source, held, held.secrets, "needs_login")
                raise SignedOut
            time.sleep(0.05)

    def _swap(self, source: Source, held: Held, secrets: Secrets, state: SourceState) -> bool:
        return self._store.swap_session(
            source.account,
            source.id,
            version=held.version,
            secrets=msgspec.json.encode(secrets),
            state=state,
        )
