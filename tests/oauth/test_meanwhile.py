"""What another request does between two steps of this one, as another process may."""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from showcam.store.records import Token
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.linking_world import World
from tests.doubles.waiting import LONG_S


class Interrupted(SqliteStore):
    """`meanwhile` is done once, in a thread of its own, just before the first write that `at` names."""

    at = ""
    meanwhile: Callable[[], object]

    def hit(self, key: str, window_s: int, now: float) -> int:
        self._interrupt(key.partition(":")[0])
        return super().hit(key, window_s, now)

    def redeem_code(self, *given: object) -> bool:
        self._interrupt("redeem_code")
        return super().redeem_code(*given)  # type: ignore[arg-type]

    def add_tokens(self, tokens: list[Token]) -> bool:
        self._interrupt("add_tokens")
        return super().add_tokens(tokens)

    def _interrupt(self, name: str) -> None:
        if name == self.at:
            self.at = ""
            thread = threading.Thread(target=self.meanwhile)
            thread.start()
            thread.join(LONG_S)


@pytest.fixture
def store(tmp_path: Path) -> Interrupted:
    return Interrupted(tmp_path / "interrupted.sqlite3", Sealer([("test", secrets.token_bytes(32))]), wait_s=LONG_S)


@pytest.fixture
def world(make: Callable[..., World], store: Interrupted) -> World:
    return make(store=store)


def test_a_code_that_is_redeemed_meanwhile_kills_what_it_issued(world: World, store: Interrupted) -> None:
    code, first = world.code(), []
    store.at, store.meanwhile = "redeem_code", lambda: first.append(world.redeem(code).get_json())
    answer = world.redeem(code)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    assert [world.works(tokens["access_token"]) for tokens in first] == [False]
    assert world.links() == []


def test_a_link_that_ends_meanwhile_is_not_refreshed(world: World, store: Interrupted) -> None:
    refresh = world.tokens()["refresh_token"]
    store.at, store.meanwhile = "add_tokens", lambda: world.request("/oauth/revoke", {"token": refresh})
    answer = world.refresh(refresh)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    assert world.links() == []


def test_agree_that_is_pressed_meanwhile_is_the_same_link(world: World, store: Interrupted) -> None:
    browser = world.browse().sign_in()
    other = world.beside(browser)
    store.at, store.meanwhile = "agree", lambda: other.post("agree")
    browser.post("agree")
    assert browser.returned["code"] != other.returned["code"]
    assert len(world.links()) == 1
