"""Players: which key, name or id finds one, how its use is counted, and what is left once it has ended."""

import hashlib
import threading
from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.accounts.players import MOST, WRITTEN_S, NotAdded, Players, Use
from showcam.registry.streams.grants import find_viewer
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock

pytestmark = pytest.mark.proves(
    "The key of a program of the household's is stored as a hash, is shown once, and opens nothing once it is ended"
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def players(store: SqliteStore, clock: Clock) -> Players:
    return Players(store, clock)


@pytest.fixture
def account(store: SqliteStore) -> str:
    return households.add_of_lan(store).id


def test_a_player_is_found_by_its_key_its_name_and_its_id(players: Players, account: str, store: SqliteStore) -> None:
    player, key = players.add(account, "Frigate")
    assert (player.account, player.name, player.cameras) == (account, "Frigate", None)
    assert players.find(key) == players.named("frigate") == players.of_id(player.id) == player
    assert find_viewer(store, player.id) == player
    assert players.of(account) == [player]


def test_digest_authentication_of_rtsp_finds_its_hash(players: Players, account: str) -> None:
    player, key = players.add(account, "go2rtc")
    assert player.ha1 == hashlib.md5(f"go2rtc:showcam:{key}".encode(), usedforsecurity=False).hexdigest()


def test_neither_the_key_nor_its_hashes_are_in_the_file(
    players: Players, account: str, store: SqliteStore, tmp_path: Path
) -> None:
    player, key = players.add(account, "Frigate")
    players.used(player)
    store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert player.id.rpartition("-")[2].encode() in stored
    assert not [text for text in (key, player.ha1, player.key_hash, "Frigate") if text.encode() in stored]


@pytest.mark.parametrize("key", ["", "x", "A" * 43, "A" * 44, "é" * 43, "../../../", "player-", "A" * 100_000])
def test_another_key_finds_nobody(players: Players, account: str, key: str) -> None:
    players.add(account, "Frigate")
    assert players.find(key) is None


@pytest.mark.parametrize("made_up", ["player-", "player-x-y", "player-../a-" + "0" * 32, "home-1", "x" * 5000])
def test_a_made_up_id_finds_nobody(players: Players, account: str, store: SqliteStore, made_up: str) -> None:
    players.add(account, "Frigate")
    assert (players.of_id(made_up), find_viewer(store, made_up)) == (None, None)


@pytest.mark.parametrize("name", ["", " ", "-a", "two words", "a:b", "a/b", "Küche", "a" * 33, "a\n", '"'])
def test_a_name_that_no_address_could_hold_is_refused(players: Players, account: str, name: str) -> None:
    with pytest.raises(NotAdded) as refused:
        players.add(account, name)
    assert (refused.value.reason, players.of(account)) == ("name", [])


def test_a_name_is_taken_in_all_households_whatever_its_case(
    players: Players, account: str, store: SqliteStore
) -> None:
    players.add(account, "Frigate")
    other = households.add_of_lan(store).id
    with pytest.raises(NotAdded) as refused:
        players.add(other, "FRIGATE")
    assert refused.value.reason == "taken"


def test_a_household_has_so_many_players(players: Players, account: str) -> None:
    for number in range(MOST):
        players.add(account, f"p{number}")
    with pytest.raises(NotAdded) as refused:
        players.add(account, "more")
    assert (refused.value.reason, len(players.of(account))) == ("many", MOST)


def test_uses_are_counted_and_written_once_a_minute(
    players: Players, account: str, store: SqliteStore, clock: Clock
) -> None:
    player, _ = players.add(account, "Frigate")
    another_process = Players(store, clock)
    assert players.use(player) == Use(0.0, 0)
    first = clock.now
    for _ in range(5):
        players.used(player)
    assert (players.use(player), another_process.use(player)) == (Use(first, 5), Use(first, 1))
    clock.wait(WRITTEN_S)
    players.used(player)
    assert players.use(player) == another_process.use(player) == Use(clock.now, 6)


def test_simultaneous_uses_are_all_counted(players: Players, account: str) -> None:
    player, _ = players.add(account, "Frigate")
    threads = [threading.Thread(target=players.used, args=(player,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert players.use(player).count == 20


def test_once_ended_nothing_finds_it_and_a_late_use_brings_it_not_back(
    players: Players, account: str, store: SqliteStore
) -> None:
    player, key = players.add(account, "Frigate")
    assert (players.end(player), players.end(player)) == (True, False)
    players.used(player)
    found = players.find(key), players.named("Frigate"), players.of_id(player.id), find_viewer(store, player.id)
    assert (found, players.of(account)) == ((None, None, None, None), [])
    again, other = players.add(account, "Frigate")
    assert (again.id != player.id, other != key) == (True, True)


def test_a_removed_household_takes_its_players_along(players: Players, account: str, store: SqliteStore) -> None:
    player, key = players.add(account, "Frigate")
    store.drop_household(account)
    assert (players.find(key), find_viewer(store, player.id)) == (None, None)
