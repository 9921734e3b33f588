"""`showcam notices` and `showcam owner quiet`, as they are typed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.app import keys
from showcam.app.compose import ground, pages
from showcam.app.settings import Settings
from showcam.registry.quiet_times import own_zone
from tests.doubles.notice_services import WebReceiver
from tests.showcam.test_owner_command import NAME, TWICE, Installation


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    made = WebReceiver()
    yield made
    made.close()


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    made = Installation(tmp_path)
    made.done("owner", "add", "--lan", NAME, "--language", "nb", typed=TWICE)
    return made


def secret(web: WebReceiver) -> str:
    return f"json://kari:hemmelig@127.0.0.1:{web.server_port}/hook"


def test_an_address_is_added_tried_and_removed(here: Installation, web: WebReceiver) -> None:
    assert "notified nowhere yet" in here.done("notices", "list")
    added = here.run("notices", "add", "--name", "Karis telefon", typed=secret(web) + "\n")
    assert (added.exit_code, "hemmelig" in added.output) == (0, False), added.output
    listed = here.done("notices", "list", "--json")
    [fact] = json.loads(listed)["addresses"]
    assert {name: fact[name] for name in ("service", "name")} == {"service": "JSON", "name": "Karis telefon"}
    table = here.done("notices", "list")
    assert ("Karis telefon" in table, "hemmelig" in listed + table, "127.0.0.1" in listed + table) == (
        True,
        False,
        False,
    )
    assert json.loads(here.done("notices", "test", "--json")) == {
        "addresses": [{"address": fact["address"], "service": "JSON", "taken": True}]
    }
    assert web.texts == [
        (
            "En prøve fra showcam",
            "showcam kan varsle deg her: når noe er galt med et av kameraene dine, og når det er i orden igjen.",
        )
    ]
    here.done("notices", "remove", fact["address"])
    again = here.run("notices", "remove", fact["address"])
    assert (again.exit_code, "There is no address" in again.stderr) == (1, True)
    none = here.run("notices", "test")
    assert (none.exit_code, "notified nowhere" in none.stderr) == (1, True)


def test_an_address_that_takes_nothing_is_named(here: Installation, web: WebReceiver) -> None:
    web.status = 403
    here.run("notices", "add", typed=secret(web) + "\n")
    tried = here.run("notices", "test")
    assert (tried.exit_code, "NOT TAKEN" in tried.stdout, "hemmelig" in tried.output) == (1, True, False)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("nowhere", "begins with a service"),
        ("syslog://_/", "is of the machine itself"),
        ("nobody://kari:hemmelig@host", "does not know the service nobody://"),
    ],
)
def test_a_bad_address_is_refused_in_a_sentence(here: Installation, typed: str, expected: str) -> None:
    done = here.run("notices", "add", typed=f"{typed}\n")
    assert (done.exit_code, expected in done.stderr, "hemmelig" in done.output) == (1, True, False), done.output
    assert json.loads(here.done("notices", "list", "--json")) == {"addresses": []}


@pytest.mark.parametrize("command", [("add",), ("list",), ("test",), ("remove", "x")])
def test_strangers_are_notified_nowhere(here: Installation, command: tuple[str, ...]) -> None:
    done = here.run("notices", *command, sign_up="anyone")
    assert (done.exit_code, "Nobody is notified" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("22:00-07:00", "--zone", "Europe/Oslo"), 0, "Quiet times: 22:00-07:00 (Europe/Oslo)."),
        (("nothing",), 0, "There are no quiet times."),
        ((), 0, "There are no quiet times."),
        (("late",), 2, "quiet times are like 22:00-07:00"),
        (("22:00-07:00", "--zone", "Oslo"), 2, "is no time zone"),
        (("--zone", "Europe/Oslo"), 2, "--zone goes with TIMES"),
    ],
)
def test_quiet_times_are_set_and_printed(here: Installation, words: tuple[str, ...], code: int, says: str) -> None:
    done = here.run("owner", "quiet", *words)
    assert (done.exit_code, says in done.output) == (code, True), done.output


def test_quiet_times_keep_their_zone(here: Installation) -> None:
    here.done("owner", "quiet", "22:00-07:00", "--zone", "Europe/Oslo")
    facts = json.loads(here.done("owner", "quiet", "23:00-06:00", "--json"))
    assert (facts["quiet"], facts["zone"]) == ("23:00-06:00", "Europe/Oslo")
    assert here.done("owner", "quiet").strip() == "Quiet times: 23:00-06:00 (Europe/Oslo)."


def test_the_machines_zone_is_read_from_its_link(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert own_zone(link) == "Europe/Berlin"
    assert own_zone(tmp_path / "none") == "UTC"


@pytest.mark.parametrize(("sign_up", "status"), [("owner", 303), ("invited", 303), ("anyone", 404)])
def test_the_page_of_notices_is_there_where_owners_are_notified(tmp_path: Path, sign_up: Any, status: int) -> None:
    """303: to the sign-in, as of every page."""
    settings = Settings(data=tmp_path, sign_up=sign_up)
    made = keys.of(settings)
    base = ground.build(settings, made)
    try:
        client = pages.app(settings, made, base).test_client()
        answer = client.get("/home/health/notices", base_url="http://127.0.0.1:8080")
    finally:
        base.store.close()
    assert answer.status_code == status
