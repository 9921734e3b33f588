import threading
from itertools import pairwise
from pathlib import Path

import pytest

from showcam.app import keys
from showcam.store.sealing import SealedUnreadable, Sealer
from tests.doubles.aws import OLD_ROOT, ROOT


def test_keys_are_made_once_apart_and_closed_to_others(tmp_path: Path) -> None:
    first = keys.read_or_make(tmp_path / "keys")
    assert keys.read_or_make(tmp_path / "keys") == first
    assert len({first.seal[0][1], first.grant[0], first.cookie[0], first.forwarder[0][1]}) == 4
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "keys").iterdir()} == {0o600}
    assert sorted(file.name for file in (tmp_path / "keys").iterdir()) == sorted(keys.NAMES)


def test_two_that_start_at_once_read_the_same_keys(tmp_path: Path) -> None:
    made: list[keys.Keys] = []
    threads = [threading.Thread(target=lambda: made.append(keys.read_or_make(tmp_path / "keys"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert all(keys_read == made[0] for keys_read in made)


def test_a_rotated_key_is_first_and_the_old_key_is_kept(tmp_path: Path) -> None:
    old = keys.read_or_make(tmp_path).grant[0]
    keys.read_or_make(tmp_path / "new")
    joined = (tmp_path / "new" / "grant").read_text() + (tmp_path / "grant").read_text()
    (tmp_path / "grant").write_text(joined)
    assert keys.read_or_make(tmp_path).grant[1] == old
    assert keys.read_grant_keys(tmp_path)[1] == old


def test_while_a_root_is_changed_in_two_steps_each_process_opens_what_another_sealed() -> None:
    first, *_, last = steps = [
        Sealer(keys.derived(roots).seal) for roots in ([OLD_ROOT], [OLD_ROOT, ROOT], [ROOT, OLD_ROOT])
    ]
    for before, after in pairwise(steps):  # before and after the restart of a process
        assert before.open("row", after.seal("row", b"held")) == b"held"
        assert after.open("row", before.seal("row", b"held")) == b"held"
    with pytest.raises(SealedUnreadable):  # in one step
        first.open("row", last.seal("row", b"held"))


@pytest.mark.parametrize("text", ["", "x", "id not-base64!", "id c2hvcnQ="])
def test_a_spoiled_file_is_named_and_its_content_is_not(tmp_path: Path, text: str) -> None:
    keys.read_or_make(tmp_path)
    (tmp_path / "seal").write_text(text)
    with pytest.raises(keys.KeysUnreadable) as caught:
        keys.read_or_make(tmp_path)
    assert str(tmp_path / "seal") in str(caught.value)
    assert not text or text not in str(caught.value).replace(str(tmp_path), "")  # a folder's name may hold a letter
