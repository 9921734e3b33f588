"""The benchmark's table, and that its rows can be measured. How fast anything is, is not asked here."""

import subprocess
import sys

import pytest

from bench import __main__ as bench
from bench import in_process
from bench.asking import QUESTIONS, WrongAnswer
from bench.household import doors
from bench.run import NoPeer, Run
from bench.table import Bound, LeftOut, Row, render
from bench.timing import QUICK, cpu_us


@pytest.mark.parametrize(
    ("bound", "ours", "other", "text", "met"),
    [
        (Bound(share=1 / 15), 10.0, 150.0, "≤ HA/15", True),
        (Bound(share=1 / 15), 10.1, 150.0, "≤ HA/15", False),
        (Bound(share=1 / 1.5), 20.0, 30.0, "≤ HA/1.5", True),
        (Bound(share=1), 202.0, 202.0, "≤ HA", True),
        (Bound(share=3, beside="floor"), 31.0, 10.0, "≤ 3 × floor", False),
        (Bound(share=1 / 2), 1.0, None, "≤ HA/2", None),
        (Bound(most=0.6), 0.61, None, "≤ 0.6 µs", False),
        (Bound(most=0.6), 0.6, 9.0, "≤ 0.6 µs", True),
    ],
)
def test_a_bound_says_what_it_asks_and_judges_by_it(
    bound: Bound, ours: float, other: float | None, text: str, met: bool | None
) -> None:
    row = Row("Discover", "µs", ours, "HA", other, bound)
    assert bound.text("µs") == text
    assert row.met is met


def test_the_table_shows_each_row_and_names_what_was_left_out() -> None:
    drawn = render(
        [
            Row("Discover, 100 cameras", "µs", 20.0, "HA", 2000.0, Bound(share=1 / 15)),
            Row("first frame", "s", 0.7, bound=Bound(most=0.6)),
            LeftOut("refresh grant", "no network"),
        ]
    ).splitlines()
    assert drawn[0].split()[:2] == ["row", "showcam"]
    assert drawn[2].split("  ")[0] == "Discover, 100 cameras"
    assert all(each in drawn[2] for each in ("20.0 µs", "HA 2,000 µs", "1/100.0", "≤ HA/15", "met"))
    assert all(each in drawn[3] for each in ("0.70 s", "≤ 0.6 s", "NOT MET"))
    assert drawn[-2:] == ["Left out:", "  refresh grant: no network"]


def test_the_time_of_a_call_counts_its_work() -> None:
    assert cpu_us(lambda: sum(range(20_000)), QUICK) > cpu_us(lambda: None, QUICK) > 0


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_a_wrong_answer_is_not_timed(question) -> None:
    _, _, _, checking = question
    with doors(2) as both:
        both.call(question)
        wrong = {"event": {"header": {"name": "ErrorResponse"}, "payload": {}}, "context": {"properties": []}}
        wrong["payload"] = {"devices": {"a": {}}, "commands": [{"status": "ERROR"}]}
        with pytest.raises(WrongAnswer):
            checking(3)(wrong)


def test_every_question_is_measured_and_a_missing_peer_is_named() -> None:
    results = list(in_process.measure(Run(quick=True, peers=False)))
    rows = [each for each in results if isinstance(each, Row)]
    assert {row.name.split(",")[0] for row in rows} == {question[0] for question in QUESTIONS}
    assert all(row.ours > 0 and row.other is None for row in rows)
    assert [each.why for each in results if isinstance(each, LeftOut)] == ["--no-peers was said"]


def test_the_bounds_are_of_rows_that_are_measured() -> None:
    assert set(in_process.BOUNDS) <= set(in_process.asked(quick=False))


def test_a_peer_that_can_not_be_had_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def ensure() -> None:
        tries.append(1)
        raise NoPeer("no network")

    monkeypatch.setattr("bench.peer.environment.ensure", ensure)
    run = Run()
    for _ in range(2):
        with pytest.raises(NoPeer, match="no network"):
            run.need_peer()
    assert len(tries) == 1


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--quick", "--no-peers", "--only", "in-process"]) == 0
    table, progress = capsys.readouterr()
    assert "ReportState, 1 camera" in table
    assert "In process: showcam with 1 camera" in progress


def test_help_names_what_can_be_measured() -> None:
    told = subprocess.run([sys.executable, "-m", "bench", "--help"], capture_output=True, text=True, check=True).stdout
    assert all(group.name in told for group in bench.GROUPS)
