"""A test that cannot run here is named at the end of the run with what it needs, and fails the run of CI."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.needs import left_out

pytestmark = pytest.mark.proves(
    "The last lines of a test run name the tests that were not run, and CI fails for them",
    leans_on="second stack: pytest",
)

TESTS = Path(__file__).parents[1]
SKIPPING = re.compile(r"\b(pytest\.skip|skipif|importorskip|mark\.skip|mark\.xfail|pytest\.xfail|pytest\.exit)\b")


def test_a_test_is_skipped_by_what_it_needs_and_in_no_other_way() -> None:
    files = {str(file.relative_to(TESTS)) for file in TESTS.rglob("*.py") if SKIPPING.search(file.read_text())}
    assert files == {"doubles/needs.py", "house/test_skips.py"}


@pytest.mark.parametrize(
    ("reasons", "lines"),
    [
        ([], []),
        (
            ["Skipped: needs Firefox. As root: apt install firefox-esr."],
            ["Not run: 1 test that needs Firefox. As root: apt install firefox-esr."],
        ),
        (
            ["Skipped: needs two cores. Add one."] * 2 + ["Skipped: needs hours. `make soak`."],
            ["Not run: 1 test that needs hours. `make soak`.", "Not run: 2 tests that need two cores. Add one."],
        ),
        (["Skipped: because of this"], ["Not run: 1 test: because of this"]),
    ],
)
def test_each_need_is_a_line_with_the_number_of_its_tests(reasons: list[str], lines: list[str]) -> None:
    assert left_out(reasons) == lines


@pytest.mark.process
@pytest.mark.parametrize(("workers", "skips", "ended"), [(0, "", 0), (1, "refused", 1)])
def test_a_run_ends_with_what_was_not_run_and_how_to_run_it(
    workers: int, skips: str, ended: int, tmp_path: Path
) -> None:
    """Without Amazon's schemas and the list of what the manual covers."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environ |= {"SHOWCAM_SCHEMAS": str(tmp_path), "SHOWCAM_TEST_DATA": str(tmp_path), "SHOWCAM_TEST_SKIPS": skips}
    files = ["tests/alexa/test_wire.py", "tests/house/test_manual.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"-n{workers}", "-k", "official or manual", *files],
        cwd=TESTS.parent, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.rstrip().splitlines()
    [counted] = [number for number, line in enumerate(lines) if " passed, " in line]
    said = [re.sub(r"^Not run: \d\d", "Not run: NN", line) for line in lines[counted + 1 :]]
    assert said == [
        "Not run: 1 test that needs the list of what the camera manual covers. SHOWCAM_TEST_DATA names a folder with "
        "manual.md, which the project does not hold.",
        "Not run: NN tests that need the schemas that Amazon publishes. `make test` fetches them from GitHub, or "
        "SHOWCAM_SCHEMAS names a folder that has them.",
        *(["The run fails for them: SHOWCAM_TEST_SKIPS=refused."] if skips else []),
    ]
    assert done.returncode == ended
