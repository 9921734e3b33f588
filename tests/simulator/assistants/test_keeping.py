"""What the simulated assistants remember beyond a restart."""

import json
from pathlib import Path

import pytest

from showcam.simulator.assistants.door import Keeping


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"], ids=["empty", "cut", "list", "no text"])
def test_a_file_of_no_use_is_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(content)
    assert Keeping(file, dict).load() == {}


def test_what_was_kept_is_found_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    keeping = Keeping(file, lambda: {"alexa": {"one": [1]}})
    keeping.write()
    assert (keeping.load(), json.loads(file.read_text())) == ({"alexa": {"one": [1]}},) * 2
    assert file.stat().st_mode & 0o777 == 0o600
