import json
import threading
from pathlib import Path

from showcam.app.process.logs import LineFile


def test_nobody_else_reads_it_and_a_second_process_of_the_part_goes_on_in_it(tmp_path: Path) -> None:
    path = tmp_path / "log" / "web.jsonl"
    LineFile(path).write(b"one\n")
    LineFile(path).write(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_it_never_grows_beyond_its_bound_and_the_newest_lines_are_there(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "web.jsonl", most=10_000)

    def write(who: int) -> None:
        for number in range(500):
            file.write(json.dumps({"who": who, "number": number}).encode() + b"\n")

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    older, newer = (tmp_path / "web.jsonl.1").read_bytes(), file.path.read_bytes()
    assert max(len(older), len(newer)) <= 10_000
    assert {path.name for path in tmp_path.iterdir()} == {"web.jsonl", "web.jsonl.1"}
    lines = [json.loads(line) for line in (older + newer).splitlines()]
    assert {"who": lines[-1]["who"], "number": 499} == lines[-1]
    assert len(older) > 9_900


def test_a_file_that_cant_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    LineFile(tmp_path / "file" / "web.jsonl").write(b"lost\n")
