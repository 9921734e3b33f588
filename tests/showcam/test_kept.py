"""The settings that showcam keeps: what is taken, what counts more, and what lies on the disk."""

import sqlite3
from pathlib import Path

import pytest

from showcam.app import keys
from showcam.app.process.kept import CHANGED, Installation, read
from showcam.app.process.settings_sources import SettingsError, load, origins
from showcam.app.settings import SECRETS, Settings


def opened(folder: Path, environ: dict[str, str] | None = None) -> Installation:
    given = {"SHOWCAM_DATA": str(folder), **(environ or {})}
    return Installation(load(environ=given), origins(environ=given))


def used(folder: Path, environ: dict[str, str] | None = None) -> Settings:
    """What the next start has."""
    given = {"SHOWCAM_DATA": str(folder), **(environ or {})}
    return load(environ=given, kept=read(load(environ=given)))


def test_nothing_is_kept_before_there_is_a_database_and_none_is_made(tmp_path: Path) -> None:
    assert read(Settings(data=tmp_path / "none")) == {}
    assert not (tmp_path / "none").exists()


def test_what_is_kept_is_used_by_the_next_start(tmp_path: Path) -> None:
    opened(tmp_path).change({"public_url": " https://cams.example ", "stun": "a.example:1, b.example:2"})
    assert (used(tmp_path).public_url, used(tmp_path).stun) == ("https://cams.example", ("a.example:1", "b.example:2"))
    opened(tmp_path).change({"public_url": None})
    assert (used(tmp_path).public_url, used(tmp_path).stun) == ("", ("a.example:1", "b.example:2"))


def test_a_change_is_noted_where_the_supervisor_looks(tmp_path: Path) -> None:
    opened(tmp_path).change({"alexa_skill_id": "amzn1.ask.skill.1"})
    assert (tmp_path / "run" / CHANGED).exists()


def test_a_variable_counts_more_and_is_named_to_who_would_change_it(tmp_path: Path) -> None:
    opened(tmp_path).change({"public_url": "https://kept.example"})
    environ = {"SHOWCAM_PUBLIC_URL": "https://given.example"}
    assert used(tmp_path, environ).public_url == "https://given.example"
    row = next(row for row in opened(tmp_path, environ).rows() if row.name == "public_url")
    assert (row.text, row.origin) == ("https://given.example", "the environment (SHOWCAM_PUBLIC_URL)")
    with pytest.raises(SettingsError, match="SHOWCAM_PUBLIC_URL"):
        opened(tmp_path, environ).change({"public_url": "https://new.example"})


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"public_url": "http://cams.example"}, "public_url can't be .*https"),
        ({"public_url": "cams"}, "public_url can't be"),
        ({"turn": "turn:a.example:1"}, "turn_secret is wanted too"),
        ({"ezviz_key": "k"}, "go together"),
        ({"stun": "a"}, "host:port"),
        ({"stun": "a:1,b:1,c:1,d:1,e:1"}, "up to 4"),
        ({"trusted_proxies": "nonsense"}, "neither an address nor a network"),
        ({"port": "9"}, "port is not kept"),
        ({"data": "/"}, "data is not kept"),
        ({"nonsense": "1"}, "nonsense is not kept"),
    ],
)
def test_what_could_not_be_used_is_refused_and_nothing_is_kept(
    tmp_path: Path, texts: dict[str, str | None], why: str
) -> None:
    opened(tmp_path).change({"alexa_skill_id": "amzn1.ask.skill.1"})
    with pytest.raises(SettingsError, match=why):
        opened(tmp_path).change(texts)
    assert read(Settings(data=tmp_path)) == {"alexa_skill_id": "amzn1.ask.skill.1"}


def test_a_secret_is_neither_shown_nor_readable_on_the_disk_nor_in_an_error(tmp_path: Path) -> None:
    opened(tmp_path).change({"turn": "turn:a.example:3478", "turn_secret": "very-secret-word"})
    rows = {row.name: row for row in opened(tmp_path).rows()}
    assert (rows["turn_secret"].text, rows["turn_secret"].is_set) == ("", True)
    assert {row.name for row in rows.values() if row.is_secret} == SECRETS & rows.keys()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in written if b"very-secret-word" in path.read_bytes()] == []
    with pytest.raises(SettingsError) as raised:
        opened(tmp_path).change({"ezviz_secret": "another-secret-word"})
    assert "another-secret-word" not in str(raised.value)


def test_it_waits_until_the_running_process_has_it(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    assert not kept.waits()
    kept.change({"stun": "a.example:1"})
    assert kept.waits()
    assert not Installation(used(tmp_path), {}).waits()


def test_a_row_whose_key_is_missing_stops_the_start(tmp_path: Path) -> None:
    opened(tmp_path).change({"stun": "a.example:1"})
    (tmp_path / "keys" / "seal").unlink()
    with pytest.raises(keys.KeysUnreadable, match="seal is missing"):
        used(tmp_path)


def test_a_database_of_an_earlier_version_keeps_nothing(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "showcam.sqlite3").execute("CREATE TABLE account (id TEXT)").connection.close()
    assert read(Settings(data=tmp_path)) == {}


def test_the_demo_keeps_none(tmp_path: Path) -> None:
    opened(tmp_path).change({"stun": "a.example:1"})
    assert read(Settings(data=tmp_path, demo=True)) == {}
