"""Where settings and data are, if neither an option nor a variable says so."""

from pathlib import Path

import pytest

from showcam.app.places import Places, find

NOBODY = Path("/nowhere/showcam.toml")
HOME = {"HOME": "/home/sam"}
XDG = {"XDG_DATA_HOME": "/x/data", "XDG_CONFIG_HOME": "/x/config"}
SERVICE = {"STATE_DIRECTORY": "/var/lib/private/showcam:/var/lib/more", "CONFIGURATION_DIRECTORY": "/etc/cams"}
OF_HOME = Places(
    "user",
    Path("/home/sam/.config/showcam/showcam.toml"),
    Path("/home/sam/.local/share/showcam"),
    Path("/home/sam/.local/share/showcam-demo"),
)


@pytest.mark.parametrize(
    ("environ", "machine_has_file", "holds", "expected"),
    [
        ({}, False, {}, OF_HOME),
        (
            XDG,
            False,
            {},
            Places(
                "user", Path("/x/config/showcam/showcam.toml"), Path("/x/data/showcam"), Path("/x/data/showcam-demo")
            ),
        ),
        ({"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": ""}, False, {}, OF_HOME),
        ({}, False, {"pyproject.toml": '[project]\nname = "garden"\n'}, OF_HOME),
        ({}, False, {"pyproject.toml": '[project]\nname = "showcam"\n'}, "folder"),
        ({}, False, {"showcam.toml": ""}, "folder"),
        (XDG, True, {"showcam.toml": ""}, "machine"),
        (
            SERVICE,
            True,
            {"showcam.toml": ""},
            Places(
                "machine",
                Path("/etc/cams/showcam.toml"),
                Path("/var/lib/private/showcam"),
                Path("/var/lib/private/showcam/demo"),
            ),
        ),
    ],
)
def test_the_first_place_that_is_there_counts(
    environ: dict[str, str],
    machine_has_file: bool,
    holds: dict[str, str],
    expected: Places | str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stands, machine = tmp_path / "here", tmp_path / "etc" / "showcam.toml"
    stands.mkdir()
    for name, text in holds.items():
        (stands / name).write_text(text)
    if machine_has_file:
        machine.parent.mkdir()
        machine.touch()
    if expected == "folder":
        expected = Places("folder", stands / "showcam.toml", stands / "var/showcam", stands / "var/demo")
    if expected == "machine":
        expected = Places("machine", machine, Path("/var/lib/showcam"), Path("/x/data/showcam-demo"))
    monkeypatch.setenv("HOME", HOME["HOME"])
    assert find(environ, stands, machine) == expected


def test_a_folder_of_a_checkout_belongs_to_it_and_a_folder_below_a_settings_file_does_not(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "showcam"\n')
    below = tmp_path / "docs" / "owner"
    below.mkdir(parents=True)
    assert find({}, below, NOBODY).data == tmp_path / "var" / "showcam"
    (tmp_path / "pyproject.toml").rename(tmp_path / "showcam.toml")
    assert find({}, below, NOBODY).rule == "user"
