"""What `make house` counts, on a tree of four modules."""

from pathlib import Path
from textwrap import dedent

import pytest

from tests.doubles.packages import script

HOUSE = script("house")
FILES = {
    "room/__init__.py": "",
    "room/large.py": '''
        """A docstring counts nothing."""

        import time

        from room.small import REST_S

        PACES_S = (1, 2)
        LATE_MS = 60 * 1000
        ROWS = 5


        class SettingsTable:
            """Two settings."""

            port: int = 80
            idle_s: float = 30.0


        def rest(timeout_s: float = 2.0, rows: int = 3) -> None:
            # a comment counts nothing
            time.sleep(REST_S)
            time.sleep(0.5)
        ''',
    "room/small.py": "REST_S = 3.0\n",
    "far/away.py": "from room import large\n",
}


@pytest.fixture
def house(tmp_path: Path) -> object:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(text).lstrip())
    return HOUSE.House(tmp_path)


def test_a_tree_is_counted(house: object) -> None:
    assert house.figures() == {  # type: ignore[attr-defined]
        "code_lines": 3 + 3 + 3 + 1,
        "files": 3,
        "small_modules": 1,
        "clocks": 5,  # LATE_MS, idle_s, timeout_s, 0.5 and REST_S
        "settings": 2,
        "longest_function": 4,
        "circles": 0,
        "packages": 2,
        "wording": 1,  # “Two settings.” is a fragment
    }
    assert house.small_with_one_importer_beside() == ["room.small"]  # type: ignore[attr-defined]


def test_two_modules_that_import_each_other_are_a_circle(tmp_path: Path, house: object) -> None:
    (tmp_path / "room" / "small.py").write_text("from far.away import large\nREST_S = 3.0\n")
    assert HOUSE.House(tmp_path).circles() == [["far.away", "room.large", "room.small"]]


@pytest.mark.parametrize(
    ("files", "reasons", "refused"),
    [
        (10, [], []),
        (9, [], []),
        (11, [], ["files is 11, and 10 are allowed."]),
        (11, [{"figure": "files", "by": 1, "what": "a plug-in"}], []),
        (11, [{"figure": "clocks", "by": 1, "what": "a plug-in"}], ["files is 11, and 10 are allowed."]),
    ],
)
def test_a_figure_grows_for_a_reason(files: int, reasons: list[dict[str, object]], refused: list[str]) -> None:
    assert HOUSE.grown({"files": files}, {"files": 10}, reasons) == refused
