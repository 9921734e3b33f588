"""`showcam owner quiet`, as it is typed, and for whom there is a page of notices."""

import json
from pathlib import Path
from typing import Any

import pytest

from showcam.app import keys
from showcam.app.compose import ground, pages
from showcam.app.settings import Settings
from showcam.registry.quiet_times import own_zone
from tests.showcam.test_owner_command import NAME, TWICE, Installation


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    made = Installation(tmp_path)
    made.done("owner", "add", "--lan", NAME, "--language", "nb", typed=TWICE)
    return made


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


def test_the_machines_zone_is_read_from_its_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert own_zone(link) == "Europe/Berlin"
    assert own_zone(tmp_path / "none") == "UTC"


@pytest.mark.parametrize(
    ("named", "zone"),
    [("Europe/Oslo", "Europe/Oslo"), (":Europe/Oslo", "Europe/Oslo"), ("Oslo", "Europe/Berlin"), ("", "Europe/Berlin")],
)
def test_the_variable_that_sets_a_containers_clock_names_its_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, zone: str
) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    monkeypatch.setenv("TZ", named)
    assert own_zone(link) == zone


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
