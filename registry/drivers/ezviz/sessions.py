"""What is sealed for an EZVIZ source, shared by all processes through the store: who renews a session first, wins.

This module alone reads and writes the sealed text; others hand it what is to be kept.
"""

import time
from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from net.incoming import JsonObject
from registry.drivers.ezviz.open.tokens import Key
from registry.errors import SignedOut, VendorDown
from registry.vendor import SourceUser
from store.ports import Store
from store.records import Source, SourceKind, SourceState
from store.sealing import SealedUnreadable

BY_CODE = "by_code"  # in a session that was just signed in by a code
WAIT_S = 1.0  # for another process that has renewed the session and is about to say so
TRIES = 5


class Secrets(Struct, frozen=True):
    """What is sealed for an EZVIZ source. `session` is pyezvizapi's token; never the password."""

    user: str
    session: JsonObject | None = None
    open: Key | None = None
    codes: dict[str, str] = {}  # what opens cameras on the LAN, by serial
    open_air: bool = False  # its owner agreed to pictures by a connection that others could listen to
    picture_codes: dict[str, str] = {}  # what deciphers the video of cameras, by serial: the owner's code, or a key
    by_video: dict[str, bool] = {}  # by serial, whether video could be deciphered by that; none: no video came yet
    keys_refused: tuple[str, ...] = ()  # serials of shared cameras whose keys the vendor does not give this account
    elevated: str = ""  # id of the session that was signed in by a code, or was handed a key by one
    local: frozenset[str] = frozenset()  # serials of cameras that their owner has asked by their own protocol at home
    sub_account: str = ""  # id of the household's sub-account under the installation's developer key

    def __repr__(self) -> str:
        return "<Secrets>"


class Held(Struct, frozen=True):
    """The secrets as they stood when read."""

    secrets: Secrets
    state: SourceState
    version: int


class Sessions:
    kind: SourceKind = "ezviz"

    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def waiting(user: str, key: Key | None = None) -> bytes:
        """To be sealed for a source that nobody has signed in to yet."""
        return msgspec.json.encode(Secrets(user, open=key))

    def user(self, source: Source) -> SourceUser:
        try:
            kept = self.read(source).secrets
        except (SignedOut, SealedUnreadable):
            return SourceUser("", has_signed_in=True)
        return SourceUser(kept.user, has_signed_in=kept.session is not None)

    def read(self, source: Source) -> Held:
        """Raises SignedOut when no session is stored."""
        row = self._store.read_session(source.account, source.id)
        if row is None:
            raise SignedOut
        try:
            return Held(msgspec.json.decode(row.secrets, type=Secrets), row.state, row.version)
        except msgspec.MsgspecError:
            raise SignedOut from None

    def signed_in(self, source: Source, user: str, session: JsonObject) -> None:
        """Replaces the stored session after a sign-in; keys and codes are kept. BY_CODE in `session`: by a code."""
        kept = {name: value for name, value in session.items() if name != BY_CODE}
        elevated = str(kept["session_id"]) if session.get(BY_CODE) is True else ""
        self._change(
            source, lambda old: replace(old, user=user, session=kept, elevated=elevated, keys_refused=()), "ok"
        )

    def is_elevated(self, source: Source) -> bool:
        """Whether the session is one in which the vendor hands out keys without mailing a code.

        No public client says whether a renewed session still is: it counts as one that is not.
        """
        held = self.read(source)
        secrets = held.secrets
        return held.state == "ok" and bool(secrets.elevated) and _id_of(secrets) == secrets.elevated

    def elevate(self, source: Source, *, is_elevated: bool) -> None:
        """Keep whether the vendor handed out a key in this session by a mailed code, or mailed a code for one."""
        self._change(source, lambda old: replace(old, elevated=_id_of(old) if is_elevated else ""))

    def refuse_key(self, source: Source, serial: str) -> None:
        """Keep that the vendor does not give this account the camera's key, so that it is not asked again."""
        self._change(source, lambda old: replace(old, keys_refused=(*old.keys_refused, serial)))

    def judge_key(self, source: Source, serial: str, code: str, *, fits: bool) -> None:
        """Keep what video showed of the code, unless another one has taken its place."""

        def changed(old: Secrets) -> Secrets:
            is_kept = old.picture_codes.get(serial) == code
            return replace(old, by_video=old.by_video | {serial: fits}) if is_kept else old

        known = self.read(source).secrets
        if known.picture_codes.get(serial) == code and known.by_video.get(serial) is not fits:
            self._change(source, changed)

    def renewed(self, source: Source, old: str, session: JsonObject) -> JsonObject:
        """Keep the session that was had for the one with id `old`; returns the one that counts from now on."""
        for _ in range(TRIES):
            held = self.read(source)
            stands = held.secrets.session
            if stands is not None and stands["session_id"] != old:
                return stands  # another process was first, and everybody uses what it wrote
            # a failed renewal in another process may have set "needs_login": this session works, so it is reset
            if self._swap(source, held, replace(held.secrets, session=session), "ok"):
                return session
        raise VendorDown("the session could not be kept")

    def keep_code(self, source: Source, serial: str, code: str) -> None:
        """ "" forgets it."""

        def changed(old: Secrets) -> Secrets:
            codes = {device: known for device, known in old.codes.items() if device != serial}
            return replace(old, codes=codes | {serial: code} if code else codes)

        self._change(source, changed)

    def keep_picture_code(self, source: Source, serial: str, code: str) -> None:
        """ "" forgets it."""

        def changed(old: Secrets) -> Secrets:
            codes = {device: known for device, known in old.picture_codes.items() if device != serial}
            by_video = {device: fits for device, fits in old.by_video.items() if device != serial}
            return replace(old, picture_codes=codes | {serial: code} if code else codes, by_video=by_video)

        self._change(source, changed)

    def keep_local(self, source: Source, serial: str, *, wanted: bool) -> None:
        """Keep whether the camera is asked by its own protocol at home."""

        def changed(old: Secrets) -> Secrets:
            return replace(old, local=old.local | {serial} if wanted else old.local - {serial})

        self._change(source, changed)

    def allow_open_way(self, source: Source, *, allowed: bool) -> None:
        """Keep whether pictures may come by the account's own cloud stream, an open connection."""
        self._change(source, lambda old: replace(old, open_air=allowed))

    def keep_key(self, source: Source, key: Key | None) -> None:
        """The household's own Open Platform key; None forgets it."""
        self._change(source, lambda old: replace(old, open=key))

    def keep_sub_account(self, source: Source, account_id: str) -> None:
        """The household's sub-account under the installation's developer key; "" forgets it."""
        self._change(source, lambda old: replace(old, sub_account=account_id))

    def dead(self, source: Source, old: str, wait_s: float) -> JsonObject:
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

    def _change(self, source: Source, change: Callable[[Secrets], Secrets], state: SourceState | None = None) -> None:
        """Change the stored state, whatever other processes write meanwhile. None leaves it as it is."""
        for _ in range(TRIES):
            held = self.read(source)
            if self._swap(source, held, change(held.secrets), state or held.state):
                return
        raise VendorDown("the secrets could not be kept")

    def _swap(self, source: Source, held: Held, secrets: Secrets, state: SourceState) -> bool:
        return self._store.swap_session(
            source.account,
            source.id,
            version=held.version,
            secrets=msgspec.json.encode(secrets),
            state=state,
            look_at=time.time() if state != held.state else None,  # assistants show whether it can be read
        )


def _id_of(secrets: Secrets) -> str:
    return str(secrets.session["session_id"]) if secrets.session else ""
