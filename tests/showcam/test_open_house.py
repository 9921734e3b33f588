"""Whether showcam listens to the house, where nothing says it: who is asked, and what is kept."""

from pathlib import Path

import pytest

from showcam.app.obstacles import in_container
from showcam.app.process.home_address import HERE, HOUSE, decide, is_at_home, undecided
from showcam.app.process.kept import Installation, read
from showcam.app.process.settings_sources import SettingsError, load, origins
from showcam.app.settings import Settings


def settings(folder: Path, **environ: str) -> tuple[Settings, dict[str, str]]:
    given = {"SHOWCAM_DATA": str(folder), **environ}
    first = load(environ=given)
    return load(environ=given, kept=read(first)), origins(environ=given)


@pytest.mark.parametrize(("answer", "bind"), [(True, HOUSE), (False, HERE)])
def test_a_person_is_asked_once(tmp_path: Path, answer: bool, bind: str) -> None:
    made, given = settings(tmp_path)
    assert undecided(made, given)
    assert decide(made, given, lambda: answer, frozenset) is answer
    made, given = settings(tmp_path)
    assert (made.bind, undecided(made, given)) == (bind, False)


@pytest.mark.parametrize(
    ("addresses", "at_home"),
    [
        (["127.0.0.1", "192.168.1.20"], True),
        (["127.0.0.1", "10.0.0.5", "172.17.0.1", "100.101.1.2"], True),  # with containers, and a private network
        (["127.0.0.1", "192.168.1.20", "8.8.8.8"], False),
        (["127.0.0.1", "8.8.8.8"], False),
        (["127.0.0.1"], False),
        ([], False),  # they can't be read
    ],
)
def test_without_a_terminal_it_is_open_where_no_address_is_public(
    tmp_path: Path, addresses: list[str], at_home: bool
) -> None:
    assert is_at_home(addresses) is at_home
    made, given = settings(tmp_path)
    assert decide(made, given, None, lambda: addresses) is at_home
    assert settings(tmp_path)[0].bind == (HOUSE if at_home else HERE)


@pytest.mark.parametrize(
    ("environ", "mark", "is_one"),
    [
        ({}, "", False),
        ({"container": ""}, "", False),
        ({"container": "podman"}, "", True),
        ({}, ".dockerenv", True),
        ({}, "run/.containerenv", True),
        ({}, "run/other", False),
    ],
)
def test_a_container_is_known_by_the_engines_marks(
    tmp_path: Path, environ: dict[str, str], mark: str, is_one: bool
) -> None:
    (tmp_path / "run").mkdir()
    if mark:
        (tmp_path / mark).touch()
    assert in_container(environ, tmp_path) is is_one


@pytest.mark.parametrize(
    "environ",
    [{"SHOWCAM_BIND": "127.0.0.1"}, {"SHOWCAM_CONSOLE": "off"}, {"SHOWCAM_STORE": "dynamodb"}],
)
def test_who_has_said_it_or_has_no_such_page_is_not_asked(tmp_path: Path, environ: dict[str, str]) -> None:
    assert not undecided(*settings(tmp_path, **environ))


def test_the_demo_never_asks(tmp_path: Path) -> None:
    assert not undecided(Settings(data=tmp_path, demo=True), {})


@pytest.mark.parametrize("bind", ["nas.local", "0.0.0.0/0", "192.168.1", ""])
def test_nothing_else_is_kept(tmp_path: Path, bind: str) -> None:
    made, given = settings(tmp_path)
    with pytest.raises(SettingsError, match="an address of this machine is wanted"):
        Installation(made, given).change({"bind": bind})
    assert read(made) == {}
