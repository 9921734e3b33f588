"""Everything of a household: as a file, and its removal."""

import json
import time
from pathlib import Path

import pytest

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.drivers.camera import StreamRequest
from showcam.registry import quiet_times
from showcam.registry.notices.notifier import Addresses
from showcam.store.outbox import Settled
from showcam.store.ports import Store
from tests.console.test_assistants import AT, page, press
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import USER

pytestmark = pytest.mark.proves(
    "No name, token or camera of a deleted household is in any file", leans_on="double: EZVIZ's cloud"
)


def test_everything_of_the_household_is_a_file_without_its_secrets(world: HomeWorld) -> None:
    home = world.home
    home.registry.open_stream(home.link, home.id("Garden"), StreamRequest("alexa", ("hls",)))
    Addresses(home.store).add(home.account.id, "ntfy://kari:hemmelig@house.example/topic", "ntfy", "Kari’s phone")
    quiet_times.keep(home.store, home.account.id, quiet_times.parsed("22:00-07:00", "Europe/Oslo"))
    answer = world.signed_in().ask("GET", f"{AT}/everything.json")
    facts = json.loads(answer.text)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="showcam-')
    assert facts["signed_in_as"] == USER
    assert [camera["name"] for camera in facts["cameras"]][:2] == ["Garden", "Front Door"]
    assert [link["label"] for link in facts["links"]] == ["Kari’s"]
    assert [ask["camera"] for ask in facts["asked"]] == [home.id("Garden")]
    assert facts["quiet_times"] == {"times": "22:00-07:00", "zone": "Europe/Oslo"}
    assert [(address["service"], address["name"]) for address in facts["notified"]] == [("ntfy", "Kari’s phone")]
    assert [(browser["user"], browser["since"]) for browser in facts["browsers"]] == [(USER, world.clock.now)]
    for secret_text in ("vendor-session", "hemmelig", "house.example", home.link.agent_user, "F00000001", "salt"):
        assert secret_text not in answer.text


def assistants_are_told(store: Store) -> None:
    """Settles each ended link, as the worker does once it has told its assistant."""
    now = time.time()
    for account, link in store.due("alexa", now, 9):
        claim = store.claim(account, link, now, now + 60, 9)
        assert claim is not None
        assert store.settle(claim, Settled(now, over=claim.rows))


def test_deleting_everything_signs_out_at_the_vendor_and_leaves_no_byte(world: HomeWorld, tmp_path: Path) -> None:
    home = world.home
    home.registry.open_stream(home.link, home.id("Garden"), StreamRequest("alexa", ("hls",)))
    token = home.token()
    other, mine = world.signed_in(), page(world)
    sessions = [browser.session.id for browser in ConsoleSessions(home.store).browsers(home.account.id)]
    browser = press(mine, "delete", name=USER)
    assert (browser.status, "Remove showcam in the assistants' apps too" in browser.text) == (
        200,
        True,
    )
    assert world.vendor.signed_out == [home.source.id]
    assert set(home.pictures.ended) == {(home.link.id, ""), *((session, "") for session in sessions)}
    assert (browser.get().step, other.get().step, len(sessions)) == ("door", "door", 2)
    assert [ConsoleSessions(home.store).find(session) for session in sessions] == [None, None]
    assistants_are_told(home.store)
    home.store.sweep(time.time())
    for needle in (home.account.id, home.link.id, home.link.label, USER, token.rpartition(".")[2], "Garden"):
        for file in tmp_path.rglob("*"):
            assert not file.is_file() or needle.encode() not in file.read_bytes(), (needle, file)


@pytest.mark.parametrize("name", ["", "somebody@example.com", USER.upper()])
def test_nothing_is_deleted_by_another_name(world: HomeWorld, name: str) -> None:
    browser = press(page(world), "delete", name=name)
    assert (browser.status, "Not deleted: another name" in browser.text) == (403, True)
    assert world.home.store.account(world.home.account.id) is not None
    assert world.vendor.signed_out == []


def test_a_vendor_that_is_away_keeps_nothing_here(world: HomeWorld) -> None:
    from showcam.drivers.errors import VendorDown

    browser = page(world)
    world.vendor.error = VendorDown()
    assert press(browser, "delete", name=USER).status == 200
    assert world.home.store.account(world.home.account.id) is None
