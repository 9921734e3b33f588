"""The benchmark's table, and that its rows can be measured. No test asserts a speed."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench import __main__ as bench
from bench import first_frame, glass, in_process, page, recovery, refresh
from bench.household import doors
from bench.questions import QUESTIONS, Question, WrongAnswer
from bench.run import Group, NoPeer, Results, Run
from bench.table import Bound, LeftOut, Row, render, spread
from bench.timing import QUICK, cpu_us, percentile
from tests.doubles.clapping import apart


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
def test_a_bound_has_a_text_and_judges_a_row(
    bound: Bound, ours: float, other: float | None, text: str, met: bool | None
) -> None:
    row = Row("Discover", "µs", ours, "HA", other, bound)
    assert bound.text("µs") == text
    assert row.met is met


def test_the_table_has_every_row_and_names_those_left_out() -> None:
    drawn = render(
        [
            Row("Discover, 100 cameras", "µs", 20.0, "HA", 2000.0, Bound(share=1 / 15)),
            Row("first frame", "s", 0.7, bound=Bound(most=0.6)),
            LeftOut("refresh grant", "no network"),
        ]
    ).splitlines()
    assert drawn[0].split()[:2] == ["row", "showcam"]
    assert drawn[2].split("  ")[0] == "Discover, 100 cameras"
    assert all(cell in drawn[2] for cell in ("20.0 µs", "HA 2,000 µs", "1/100.0", "≤ HA/15", "met"))
    assert all(cell in drawn[3] for cell in ("0.70 s", "≤ 0.6 s", "NOT MET"))
    assert drawn[-2:] == ["Left out:", "  refresh grant: no network"]


@pytest.mark.parametrize(
    ("values", "share", "found"), [([3, 1, 2], 0.9, 3), (list(range(1, 101)), 0.9, 90), ([7], 0.9, 7), ([1, 2], 0.5, 1)]
)
def test_a_percentile_is_one_of_the_values(values: list[float], share: float, found: float) -> None:
    assert percentile(values, share) == found


@pytest.mark.parametrize(
    ("runs", "row"),
    [((), "1"), ((0.5,), "1: 0.5 – 0.5"), ((2.0, 0.0312, 1.0), "3: 0.0312 – 2"), ((1200.0,), "1: 1,200 – 1,200")],
)
def test_a_row_tells_how_many_runs_it_had_and_from_where_to_where_they_went(runs: tuple[float, ...], row: str) -> None:
    assert spread(runs) == row


@pytest.mark.parametrize(
    ("shown", "still_s"),
    [
        ([1.0, 2.0, 3.0, 7.0, 8.0], 4.0),  # it went on
        ([1.0, 4.0, 4.5], 3.0),
        ([], glass.CUT_S + glass.RECOVERS_S),  # nothing more came
    ],
)
def test_a_picture_stands_still_for_the_longest_time_between_two(shown: list[float], still_s: float) -> None:
    assert glass.standstill([(at, 0) for at in shown], 1.0) == still_s


def test_a_picture_is_as_far_behind_as_the_one_of_its_brightness_was_sent_before() -> None:
    sent = [10.0 + number / 15 for number in range(60)]
    level = 30 + 20 * 7 % glass.LEVELS
    green = round((level - 16) * 255 / 219)
    assert glass.behind([(14.5, green)], sent) == [pytest.approx(14.5 - sent[20])]


def test_sound_is_apart_from_the_nearest_flash() -> None:
    assert apart([1.0, 2.0, 3.0], [1.03, 1.99]) == [pytest.approx(0.03), pytest.approx(-0.01)]
    with pytest.raises(ValueError, match="no two together"):
        apart([1.0], [2.0])


def test_the_time_of_a_call_counts_its_work() -> None:
    assert cpu_us(lambda: sum(range(20_000)), QUICK) > cpu_us(lambda: None, QUICK) > 0


WRONG = {
    "event": {"header": {"name": "ErrorResponse"}, "payload": {}},
    "context": {"properties": []},
    "payload": {"devices": {"camera": {"status": "ERROR", "online": False}}, "commands": [{"status": "ERROR"}]},
}
LACKING = {"event": {"header": {"name": "ErrorResponse"}, "payload": {}}, "payload": {"errorCode": "hardError"}}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_a_check_passes_the_right_answer_and_refuses_a_wrong_one(question: Question) -> None:
    with doors(2) as both:
        answer = json.loads(both.call(question)())
    check = question[3](2)
    check(answer)
    for wrong in (WRONG, LACKING):
        with pytest.raises(WrongAnswer, match="Error"):
            check(wrong)


@pytest.mark.parametrize("question", [question for question in QUESTIONS if question[0] in ("Discover", "SYNC")])
def test_a_list_of_another_length_is_a_wrong_answer(question: Question) -> None:
    with doors(2) as both:
        answer = json.loads(both.call(question)())
    with pytest.raises(WrongAnswer):
        question[3](3)(answer)


def test_the_bounds_are_of_rows_that_are_measured() -> None:
    assert set(in_process.BOUNDS) <= set(in_process.questions_of(quick=False))


def test_a_peer_that_can_not_be_installed_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_without_chromium_or_npm_their_rows_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert [row.name for row in first_frame.measure(Run())] == ["first frame in a browser"]
    with pytest.raises(NoPeer, match="oidc-provider is not installed"):
        refresh.ensure()


def test_a_group_that_breaks_is_named_and_ends_in_failure(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(_run: Run) -> Results:
        yield Row("half", "s", 1.0)
        raise RuntimeError("the other half")

    assert bench.main(["--no-peers"], (Group("broken", "breaks", measure),)) == 1
    table = capsys.readouterr().out
    assert "  broken: RuntimeError: the other half" in table
    assert "half   1.00 s" in table


def test_groups_of_one_word_are_measured_at_the_same_time_and_printed_in_their_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    both = threading.Barrier(2, timeout=60)

    def measure(name: str, meet: bool) -> Callable[[Run], Results]:
        def rows(_run: Run) -> Results:
            if meet:
                both.wait()
            yield Row(name, "s", 1.0)

        return rows

    words = (("a", ""), ("b", "together"), ("c", "together"), ("d", ""))
    groups = [Group(name, "", measure(name, bool(beside)), beside) for name, beside in words]
    assert bench.main(["--no-peers"], groups) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("  ")[0] for line in lines[2:6]] == ["a", "b", "c", "d"]


def test_each_row_that_is_left_out_is_named_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(_run: Run) -> Results:
        yield LeftOut("the peer", "it is not installed")
        yield Row("half", "s", 1.0, "peer")
        yield Row("whole", "s", 2.0, "floor", 1.0)

    group = Group("partly", "has a part", measure, rows=("half", "whole", "third"))
    other = Group("unasked", "is not asked for", measure, rows=("fourth", "fifth"))
    assert bench.main(["--no-peers"], (group,)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("Left out:") :][:-1] == [
        "Left out:",
        "  the peer: it is not installed",
        "  third: not measured (the peer: it is not installed)",
        "  half: not compared with peer (the peer: it is not installed)",
    ]
    assert bench.main(["--no-peers", "--only", "tv"], (replace(group, name="tv"), other)) == 0
    assert "Not asked for, by --only: unasked (2 rows)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.09, "A quiet machine: "), (0.64, "other programs took this much of all cores before any 64 %.")],
)
def test_the_bench_says_whether_the_machine_was_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], share: float, said: str
) -> None:
    monkeypatch.setattr("bench.cores.busy", lambda seconds: share)
    assert bench.main(["--quick"], (Group("any", "is any", lambda run: iter(())),)) == 0
    assert said in capsys.readouterr().out


def test_the_list_of_rows_has_every_row_of_each_group_whose_names_are_known() -> None:
    named = {
        f"{name}, {'1 camera' if size == 1 else f'{size} cameras'}" for name, size in in_process.questions_of(False)
    }
    assert named <= set(bench.ROWS["in-process"])
    assert bench.ROWS.keys() == {group.name for group in bench.GROUPS}
    rows = [row for rows in bench.ROWS.values() for row in rows]
    assert len(rows) == len(set(rows))
    kept = page.PAGE.read_text()
    assert page.written(kept, (), rows) == kept  # each of its rows is one of the bench's, in this order


def test_what_was_measured_before_ctrl_c_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(_run: Run) -> Results:
        yield Row("half", "s", 1.0)
        raise KeyboardInterrupt

    assert bench.main(["--no-peers"], (Group("long", "goes on", measure),)) == 1
    table = capsys.readouterr().out
    assert "half   1.00 s" in table
    assert "  the rest: ended by Ctrl-C" in table


STEADY = [40.0 * number for number in range(400)]


@pytest.mark.parametrize(
    ("presented", "again_ms"),
    [
        (STEADY, 0),
        ([at for at in STEADY if not 1000 < at < 4000], 4000),
        ([at for at in STEADY if not (1000 < at < 2000 or 3000 < at < 4600)], 4600),
        ([at for at in STEADY if not (1000 < at < 2000 or 9000 < at < 9600)], 2000),
    ],
)
def test_a_picture_plays_again_from_the_end_of_its_last_standstill(presented: list[float], again_ms: float) -> None:
    assert recovery.plays_on(presented) == again_ms


@pytest.mark.parametrize("until_ms", [2000, 4000])
def test_a_picture_that_stops_again_has_not_recovered(until_ms: float) -> None:
    with pytest.raises(TimeoutError, match="no picture again"):
        recovery.plays_on([at for at in STEADY if at < 1000 or 1800 < at < until_ms])
