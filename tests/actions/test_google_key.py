"""The key file of Google's service account, as it may be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actions.google_key import BadKey, check_key, read_key
from tests.doubles.google_cloud import GoogleCloud


def changed(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda key: {name: value for name, value in (key | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (changed(type="authorized_user"), "it is a key of another kind than service_account"),
        (changed(private_key=None), "it is not the JSON key of a service account"),
        (changed(private_key=7), "it is not the JSON key of a service account"),
        (changed(private_key="-----BEGIN"), "its private_key is no RSA key"),
        (changed(project_id=""), "it lacks project_id, private_key_id or client_email"),
    ],
)
def test_a_key_file_that_is_none(
    change: Callable[[dict[str, Any]], dict[str, Any]], why: str, served: GoogleCloud, tmp_path: Path
) -> None:
    content = json.dumps(change(json.loads(served.key_file.read_text())))
    (tmp_path / "key.json").write_text(content)
    for given in (str(tmp_path / "key.json"), content):
        with pytest.raises(BadKey) as raised:
            check_key(read_key(given))
        assert str(raised.value) == why


def test_a_key_of_another_project(served: GoogleCloud) -> None:
    key = read_key(str(served.key_file))
    check_key(key, ("showcam-demo",))
    with pytest.raises(BadKey) as raised:
        check_key(key, ("another-project",))
    assert str(raised.value) == ("it is of the project showcam-demo, and Google's client here is of another-project")


def test_a_key_file_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b" " * 70_000)
    (tmp_path / "page").write_text("<html>")
    for given, why in (
        (tmp_path / "missing", f"there is no file {tmp_path}/missing"),
        (tmp_path, f"{tmp_path} can't be read: Is a directory"),
        (tmp_path / "large", f"{tmp_path}/large is too large for a key"),
        (tmp_path / "page", "it is not the JSON key of a service account"),
    ):
        with pytest.raises(BadKey) as raised:
            read_key(str(given))
        assert str(raised.value) == why
