"""Players: a household's own programs, such as a recorder, each with a key that opens the household's cameras at home.

Only the hash of a key is stored, with what Digest authentication of RTSP compares (RFC 7616, the HA1 of MD5), sealed. A
row is never written again, so that no late write brings back a player that has ended. The row of its use is apart.
"""

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from showcam.accounts.links import PLAYER
from showcam.store.ports import Store
from showcam.store.records import Account, new_secret, token_hash

REALM = "showcam"
MOST = 16  # players of a household
WRITTEN_S = 60.0  # a use is written at most this often: a program may fetch a still each second
_USED = "played-"
_is_name = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}").fullmatch
_is_key = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch
_is_id = re.compile(rf"{PLAYER}([A-Za-z0-9]{{1,40}})-([0-9a-f]{{32}})").fullmatch


class NotAdded(Exception):
    """No player was added; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason  # "name", "taken" or "many"


class Player(Struct, frozen=True):
    """A program of the household's, which may see all its cameras: a viewer to the gate, as a link is."""

    id: str
    account: str
    name: str  # also the user name of RTSP: no other player of the installation has it, whatever its case
    created: float
    key_hash: str
    ha1: str
    cameras: None = None


class Use(Struct, frozen=True):
    """When the player last opened a camera, in epoch seconds, and how often it has done so."""

    last: float = 0.0
    count: int = 0


_player, _use = msgspec.msgpack.Decoder(Player), msgspec.msgpack.Decoder(Use)


class Players:
    """Each method may raise StoreUnavailable. Safe to use from many threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._unwritten: dict[str, Use] = {}  # uses since the last write, by player

    def add(self, account_id: str, name: str) -> tuple[Player, str]:
        """Adds a player, and returns its key too, which is stored nowhere. Raises NotAdded."""
        if not _is_name(name):
            raise NotAdded("name")
        if self.named(name) is not None:
            raise NotAdded("taken")
        if len(self.of(account_id)) >= MOST:
            raise NotAdded("many")
        key = new_secret()
        # MD5 is what players of RTSP speak
        ha1 = hashlib.md5(f"{name}:{REALM}:{key}".encode(), usedforsecurity=False).hexdigest()
        player = Player(_id(account_id, key), account_id, name, self._clock(), token_hash(key), ha1)
        self._store.put_account_secret(account_id, _row(player.id), msgspec.msgpack.encode(player))
        return player, key

    def now(self) -> float:
        return self._clock()

    def of(self, account_id: str) -> list[Player]:
        """The household's players, oldest first."""
        found = [_decoded(data) for data in self._store.account_secrets(account_id, PLAYER).values()]
        return sorted(filter(None, found), key=lambda player: player.created)

    def find(self, key: str) -> Player | None:
        """The player with this key. Each household is looked at, so a wrong key takes as long as a right one."""
        if not _is_key(key):
            return None
        candidates = [self.of_id(_id(account.id, key)) for account in self._accounts()]
        found = next(filter(None, candidates), None)
        return found if found and hmac.compare_digest(found.key_hash, token_hash(key)) else None

    def named(self, name: str) -> Player | None:
        wanted = name.lower()
        players = [player for account in self._accounts() for player in self.of(account.id)]
        return next((player for player in players if player.name.lower() == wanted), None)

    def of_id(self, player_id: str) -> Player | None:
        """The player with this id, which anybody may have made up; None once it has ended."""
        named = _is_id(player_id)
        if named is None:
            return None
        data = self._store.account_secret(named[1], _row(player_id))
        return _decoded(data) if data else None

    def use(self, player: Player) -> Use:
        """The player's use, as far as this process and the store know it."""
        with self._lock:
            since = self._unwritten.get(player.id, Use())
        kept = self._stored_use(player)
        return Use(max(kept.last, since.last), kept.count + since.count)

    def used(self, player: Player) -> None:
        """Counts that the player opened a camera. A crash may lose the uses of WRITTEN_S."""
        now = self._clock()
        with self._lock:
            kept = self._stored_use(player)
            count = self._unwritten.pop(player.id, Use()).count + 1
            if now - kept.last < WRITTEN_S:
                self._unwritten[player.id] = Use(now, count)
                return
            written = msgspec.msgpack.encode(Use(now, kept.count + count))
            self._store.put_account_secret(player.account, _row(player.id, _USED), written)

    def end(self, player: Player) -> bool:
        """Ends the player: its key opens nothing from now on. False if it had ended before."""
        was_there = self.of_id(player.id) is not None
        self._store.drop_account_secret(player.account, _row(player.id))
        self._store.drop_account_secret(player.account, _row(player.id, _USED))
        with self._lock:
            self._unwritten.pop(player.id, None)
        return was_there

    def _accounts(self) -> Iterator[Account]:
        return self._store.accounts()

    def _stored_use(self, player: Player) -> Use:
        data = self._store.account_secret(player.account, _row(player.id, _USED))
        try:
            return _use.decode(data) if data else Use()
        except msgspec.MsgspecError:
            return Use()  # written by another version


def _decoded(data: bytes) -> Player | None:
    try:
        return _player.decode(data)
    except msgspec.MsgspecError:
        return None  # written by another version: it opens nothing


def _id(account_id: str, key: str) -> str:
    """The id names the household and discloses nothing of the key."""
    return f"{PLAYER}{account_id}-{token_hash(f'player|{key}')[:32]}"


def _row(player_id: str, prefix: str = PLAYER) -> str:
    return prefix + player_id.rpartition("-")[2]
