"""`showcam owner`: households by their names, an owner's password, and cameras in the house."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from showcam.app.cli import main

NAME, PASSWORD = "kari", "barn door and two geese"
TWICE = f"{PASSWORD}\n{PASSWORD}\n"
EZVIZ = "me@example.com"


class Installation:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, typed: str = "", **settings: str) -> Result:
        environ = {"SHOWCAM_DATA": str(self.folder / "data")} | {
            f"SHOWCAM_{name.upper()}": value for name, value in settings.items()
        }
        return CliRunner().invoke(main, words, input=typed, env=environ, catch_exceptions=False)

    def done(self, *words: str, typed: str = "") -> str:
        result = self.run(*words, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    def listed(self) -> dict[str, dict[str, object]]:
        """The households by all their names."""
        households = json.loads(self.done("household", "list", "--json"))["households"]
        return {
            "+".join([*(user["user"] for user in household["users"]), household["showcam_user"]]).strip("+"): {
                name: household[name] for name in ("lan", "showcam_user")
            }
            for household in households
        }


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_a_household_of_lan_cameras_alone(here: Installation) -> None:
    assert "may now link cameras here" in here.done("owner", "add", "--lan", NAME, typed=TWICE)
    assert here.listed() == {NAME: {"lan": True, "showcam_user": NAME}}
    assert f"{NAME}" in here.done("household", "list")
    assert "No PIN is set" in here.done("pin", "clear", "KARI")  # found by its name, as every command does


def test_an_ezviz_household_gains_a_user(here: Installation) -> None:
    here.done("owner", "add", EZVIZ)
    assert here.listed() == {EZVIZ: {"lan": False, "showcam_user": ""}}
    facts = json.loads(here.done("owner", "password", EZVIZ, "--json", typed=f"{NAME}\n{TWICE}"))
    assert facts["showcam_user"] == NAME
    assert here.listed() == {f"{EZVIZ}+{NAME}": {"lan": False, "showcam_user": NAME}}


def test_who_adds_an_ezviz_household_hears_first_what_takes_nothing_and_of_a_key_last(here: Installation) -> None:
    said = here.run("owner", "add", EZVIZ).stderr
    assert "its open connection" in " ".join(said.split())
    ways = [
        said.index(way)
        for way in ("which takes nothing more", "showcam cameras code NAME", f"showcam owner set {EZVIZ} key")
    ]
    assert ways == sorted(ways)


def test_where_the_vendor_shows_its_pictures_itself_nobody_is_asked_to_agree_to_its_cloud_stream(
    here: Installation,
) -> None:
    said = here.run("owner", "add", EZVIZ, pictures="vendor").stderr
    assert "cloud stream" not in said
    assert said.index("showcam cameras code NAME") < said.index("showcam owner set")


def test_a_household_of_lan_cameras_gains_an_ezviz_account(here: Installation) -> None:
    here.done("owner", "add", "--lan", NAME, typed=TWICE)
    unknown = here.run("owner", "add", EZVIZ, "--to", "nobody")
    assert (unknown.exit_code, "nobody is not known here" in unknown.stderr) == (1, True)
    here.done("owner", "add", EZVIZ, "--to", NAME)
    assert here.listed() == {f"{EZVIZ}+{NAME}": {"lan": True, "showcam_user": NAME}}
    assert "may sign in here already" in here.run("owner", "add", EZVIZ).stderr


def test_the_only_household_needs_no_name(here: Installation) -> None:
    none = here.run("owner", "password", typed=f"{NAME}\n{TWICE}")
    assert (none.exit_code, "There is no household yet" in none.stderr) == (1, True)
    here.done("owner", "add", EZVIZ)
    here.done("owner", "password", typed=f"{NAME}\n{TWICE}")
    assert here.listed() == {f"{EZVIZ}+{NAME}": {"lan": False, "showcam_user": NAME}}
    here.done("owner", "add", "another@example.com")
    several = here.run("owner", "password", typed=TWICE)
    assert (several.exit_code, "There are several households here" in several.stderr) == (1, True)


def test_another_name_and_another_password(here: Installation) -> None:
    here.done("owner", "add", "--lan", NAME, typed=TWICE)
    here.done("owner", "password", NAME, typed="another five geese\nanother five geese\n")
    here.done("owner", "password", NAME, "--name", "nora", typed=TWICE)
    assert set(here.listed()) == {"nora"}
    gone = here.run("owner", "password", NAME)
    assert (gone.exit_code, "kari is not known here" in gone.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (("add", "--lan", EZVIZ), "", "is an EZVIZ user name here"),
        (("password", EZVIZ, "--name", EZVIZ), "", "is an EZVIZ user name here"),
        (("add", "--lan", "ole"), "", "another household has the user name ole"),
        (("password", EZVIZ, "--name", "OLE"), "", "another household has the user name OLE"),
        (("add", "ole"), "", "is the user name of an owner at showcam itself"),
        (("add", "--lan", "k"), "", "a user name is 2 to 100 characters"),
        (("add", "--lan", NAME), "short\nshort\n", "a password is 10 to 200 characters"),
        (("add", "--lan", NAME), f"{PASSWORD}\nanother\n", "do not match"),
        (("password", "nobody@example.com"), "", "nobody@example.com is not known here"),
        (("add", "--lan", NAME, "--to", EZVIZ), "", "takes no --to"),
    ],
)
def test_what_is_refused_changes_nothing(here: Installation, words: tuple[str, ...], typed: str, says: str) -> None:
    here.done("owner", "add", EZVIZ)
    here.done("owner", "add", "--lan", "ole", typed=TWICE)
    before = here.listed()
    refused = here.run("owner", *words, typed=typed)
    assert refused.exit_code != 0
    assert says in refused.output
    assert here.listed() == before


@pytest.mark.parametrize("settings", [{"sign_up": "anyone"}])
def test_strangers_have_no_cameras_in_the_house(here: Installation, settings: dict[str, str]) -> None:
    here.done("owner", "add", EZVIZ)
    refused = here.run("owner", "add", "--lan", NAME, typed=TWICE, **settings)
    assert (refused.exit_code, "There are no cameras in the house" in refused.stderr) == (1, True)
    assert here.listed() == {EZVIZ: {"lan": False, "showcam_user": ""}}


def test_a_removed_household_leaves_its_name_free(here: Installation) -> None:
    here.done("owner", "add", "--lan", NAME, typed=TWICE)
    assert "kari is removed" in here.done("household", "remove", NAME, typed=f"{NAME}\n")
    assert here.listed() == {}
    here.done("owner", "add", "--lan", NAME, typed=TWICE)


def test_a_password_is_in_no_file_and_in_nothing_that_is_printed(here: Installation) -> None:
    printed = here.run("owner", "add", "--lan", NAME, typed=TWICE).output + here.done("household", "list", "--json")
    assert PASSWORD not in printed
    for file in here.folder.rglob("*"):
        if file.is_file():
            assert PASSWORD.encode() not in file.read_bytes()
            assert b"argon2" not in file.read_bytes()


def test_a_backup_brings_the_user_back(here: Installation, tmp_path: Path) -> None:
    here.done("owner", "add", "--lan", NAME, typed=TWICE)
    here.done("backup", str(tmp_path / "kept"))
    here.done("household", "remove", NAME, typed=f"{NAME}\n")
    here.done("restore", str(tmp_path / "kept"))
    assert here.listed() == {NAME: {"lan": True, "showcam_user": NAME}}
