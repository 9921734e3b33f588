"""On AWS a function may be killed between any two writes; the person or the assistant then repeats the request."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from scripts.deploy_local.emulator import Emulator
from showcam.store.dynamodb import DynamoStore
from showcam.store.sealing import Sealer
from tests.doubles.aws_wire import AwsWire
from tests.doubles.dynamodb_table import create_table
from tests.doubles.linking_world import Browser, World


@dataclass
class Cut:
    """A world on a DynamoDB table whose connection can be cut."""

    world: World
    wire: AwsWire

    def writes_of[T](self, act: Callable[[], T]) -> int:
        self.wire.calls.clear()
        act()
        return self.wire.writes

    def killed[T](self, after: int, act: Callable[[], T]) -> T:
        """The answer to the cut request: that of a killed function."""
        self.wire.kill_after(after)
        try:
            return act()
        finally:
            self.wire.heal()


@pytest.fixture
def cut(aws: Emulator, make: Callable[..., World]) -> Iterator[Cut]:
    wire, table = AwsWire(aws.url), f"showcam-{secrets.token_hex(4)}"
    create_table(aws.client("dynamodb"), table)
    store = DynamoStore(wire.client(), table, Sealer([("test", secrets.token_bytes(32))]))
    yield Cut(make(store=store, agreed_s=0.0), wire)  # nobody waits for a request that was killed
    wire.close()


def at_consent(world: World) -> Browser:
    return world.browse().sign_in()


def test_consent_killed_after_any_write_can_be_repeated(cut: Cut, later: Callable[[float], None]) -> None:
    world = cut.world
    browser = at_consent(world)
    count = cut.writes_of(lambda: browser.post("agree"))
    assert count >= 4
    for number in range(1, count + 1):
        later(1000)  # past the limit of sign-ins
        before = {link.id for link in world.links()}
        browser = at_consent(world)
        page = browser.answer
        assert cut.killed(number, partial(world.beside(browser).post, "agree")).status == 503
        browser.answer = page
        tokens = world.redeem(browser.post("agree").returned["code"])
        assert tokens.status_code == 200
        # one link, and no orphan without a token
        assert len({link.id for link in world.links()} - before) == 1


def test_a_sign_in_killed_after_any_write_can_be_repeated(cut: Cut, later: Callable[[float], None]) -> None:
    world = cut.world
    count = cut.writes_of(lambda: at_consent(world))
    assert count >= 3
    for number in range(1, count + 1):
        later(1000)
        browser = world.browse()
        page = browser.answer
        cut.killed(number, world.beside(browser).sign_in)
        browser.answer = page
        assert "agree" in browser.sign_in().page.steps
        session = world.store.read_session(world.home.account.id, world.home.source.id)
        assert session is not None
        assert session.state == "ok"


def test_a_token_request_killed_after_any_write_can_be_repeated(cut: Cut) -> None:
    world = cut.world
    first = world.code()
    for number in range(cut.writes_of(lambda: world.redeem(first))):
        code = world.code()
        cut.wire.throttle_after(number)
        assert world.redeem(code).status_code == 503
        cut.wire.heal()
        # nothing was written, so the assistant may repeat it
        assert world.redeem(code).status_code == 200


def test_a_lost_answer_with_tokens_ends_the_link_at_the_next_try(cut: Cut) -> None:
    world = cut.world
    code = world.code()
    assert cut.killed(1, lambda: world.redeem(code)).status_code == 503
    # the code was used, and by whom is unknown: the link ends with its tokens, and the person links again
    assert world.redeem(code).get_json()["error"] == "invalid_grant"
    assert world.links() == []
    assert world.works(world.tokens()["access_token"])


def test_a_wrong_token_request_killed_after_any_write_issues_nothing(cut: Cut) -> None:
    world = cut.world
    code = world.code()
    assert cut.killed(1, lambda: world.redeem(code, redirect_uri="https://elsewhere.example/")).status_code == 503
    assert world.redeem(code).get_json()["error"] == "invalid_grant"


def test_a_refresh_killed_after_any_write_can_be_repeated(cut: Cut) -> None:
    world = cut.world
    tokens = world.tokens()
    count = cut.writes_of(lambda: world.refresh(tokens["refresh_token"]))
    for number in range(1, count + 1):
        cut.killed(number, lambda: world.refresh(tokens["refresh_token"]))
        again = world.refresh(tokens["refresh_token"])
        assert again.status_code == 200
        assert world.works(again.get_json()["access_token"])
    assert world.works(tokens["access_token"])


def test_a_revocation_killed_after_any_write_can_be_repeated(cut: Cut) -> None:
    world = cut.world
    tokens = world.tokens()
    count = cut.writes_of(lambda: world.request("/oauth/revoke", {"token": tokens["refresh_token"]}))
    assert count >= 3
    for number in range(1, count + 1):
        tokens = world.tokens()
        (link,) = world.links()
        cut.killed(number, partial(world.request, "/oauth/revoke", {"token": tokens["refresh_token"]}))
        assert world.request("/oauth/revoke", {"token": tokens["refresh_token"]}).status_code == 200
        assert world.links() == []
        assert not world.works(tokens["access_token"])
        ended = world.store.link(link.id)
        assert ended
        assert ended.ended
