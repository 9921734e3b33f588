"""What changes at a camera reaches both assistants by itself, through the running demo."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from showcam.registry.readings.changes import SAME_S
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A camera that goes, comes, moves or is renamed in the vendor's app is so at both assistants, "
    "and a ring opens the view on an Echo",
    leans_on="double: Alexa, Google and EZVIZ",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program that is linked to both assistants, which have been told of every camera."""
    folder: Path = tmp_path_factory.mktemp("reports")
    # a household is read often, so that the tests need not wait for what nobody announces
    with running(folder, troubled=True, SHOWCAM_EXPLAIN="no", SHOWCAM_POLL_S="2") as started:
        started.link("alexa")
        started.link("google")
        wait(started, lambda: len(about(started, "alexa")["states"]) == 8)
        wait(started, lambda: len(about(started, "google")["states"]) == 8)
        yield started


def about(program: Program, assistant: str) -> dict[str, Any]:
    answer = requests.get(f"{program.simulator}/assistants/{assistant}", timeout=LONG_S).json()
    return dict(answer) | {"names": {camera["name"]: camera["id"] for camera in answer["cameras"]}}


def wait(program: Program, until: Callable[[], object], within_s: float = LONG_S) -> None:
    """How soon it comes is measured by the bench; this is for a machine that has much to do."""
    end = time.monotonic() + within_s
    while not until():
        assert time.monotonic() < end, (
            f"it did not come to that\n{program.command('outbox', 'list').stdout}\n{program.log.read_text()[-6000:]}"
        )
        time.sleep(0.05)


def connectivity(program: Program, name: str) -> str:
    alexa = about(program, "alexa")
    return str(alexa["states"][alexa["names"][name]]["connectivity"]["value"])


def online(program: Program, name: str) -> bool:
    google = about(program, "google")
    return bool(google["states"][google["names"][name]]["online"])


def test_a_camera_that_goes_and_comes_is_reported(program: Program) -> None:
    for is_online, word in ((False, "UNREACHABLE"), (True, "OK")):
        program.change("Pond", online=is_online)
        wait(program, lambda word=word: connectivity(program, "Pond") == word)  # type: ignore[misc]
        wait(program, lambda is_online=is_online: online(program, "Pond") is is_online)  # type: ignore[misc]


def test_a_renamed_camera_has_its_new_name_at_both(program: Program) -> None:
    for old, new in (("Nursery", "Playroom"), ("Playroom", "Nursery")):
        program.change(old, name=new)
        for assistant in ("alexa", "google"):
            wait(program, lambda assistant=assistant, new=new: new in about(program, assistant)["names"])  # type: ignore[misc]
            assert old not in about(program, assistant)["names"]


def test_motion_is_reported_at_once_and_its_end(program: Program) -> None:
    def detected() -> object:
        alexa = about(program, "alexa")
        return alexa["states"][alexa["names"]["Garden"]].get("detectionState")

    assert detected() == "NOT_DETECTED"
    program.change("Garden", motion=True)
    wait(program, lambda: detected() == "DETECTED")
    wait(program, lambda: detected() == "NOT_DETECTED")


def opened(program: Program, name: str, **happens: bool) -> dict[str, Any]:
    """The view of that camera that the Echo opens by itself when this happens there, and the picture in it.

    It happens again if a busy machine let the time for the picture pass.
    """
    end = time.monotonic() + 180.0
    while True:
        heard = about(program, "alexa")["news"]
        program.change(name, **happens)
        answer = program.assistant("alexa", f"ring?after={heard}", within=30, seconds=1)
        if answer["camera"] is not None:
            assert answer["camera"]["name"] == name
        if answer["outcome"]["shown"]:
            return answer
        assert time.monotonic() < end, answer["outcome"]


def told_to_google(program: Program) -> list[dict[str, Any]]:
    """The devices in each report to Google."""
    entries = requests.get(f"{program.simulator}/assistants/google/trace", timeout=LONG_S).json()["entries"]
    reports = [entry["request"] for entry in entries if entry["title"] == "HomeGraph: report"]
    return [report["payload"]["devices"] for report in reports]


def categories(program: Program, name: str) -> list[str]:
    return next(camera["categories"] for camera in about(program, "alexa")["cameras"] if camera["name"] == name)


def test_a_ring_opens_the_view_on_the_echo_and_is_announced_by_google(program: Program) -> None:
    answer = opened(program, "Front Door", press=True)
    assert answer["shown"]["protocol"] == "webrtc"
    door = about(program, "google")["names"]["Front Door"]
    wait(program, lambda: any(door in report.get("notifications", {}) for report in told_to_google(program)))


def test_motion_opens_the_view_too_where_its_owner_chose_that(program: Program) -> None:
    """Garden has no bell; the Echo knows it as a doorbell once its motion rings."""
    assert categories(program, "Garden") == ["CAMERA"]
    set_up(program, "cameras", "set", "Garden", "motion_rings", "motion")
    wait(program, lambda: categories(program, "Garden") == ["CAMERA", "DOORBELL"])
    opened(program, "Garden", motion=True)


def rings(program: Program) -> list[str]:
    """The cameras of which the Echo got a DoorbellPress, by name, in order."""
    names = {known: name for name, known in about(program, "alexa")["names"].items()}
    entries = requests.get(f"{program.simulator}/assistants/alexa/trace", timeout=LONG_S).json()["entries"]
    pressed = [entry["request"]["event"] for entry in entries if entry["title"] == "Event gateway: DoorbellPress"]
    return [names[event["endpoint"]["endpointId"]] for event in pressed]


def set_up(program: Program, *words: str) -> None:
    done = program.command(*words, "--demo")
    assert done.returncode == 0, done.stderr


def test_persons_alone_ring_where_their_owner_chose_that_and_a_pause_follows(program: Program) -> None:
    set_up(program, "cameras", "set", "Nursery", "motion_rings", "motion")
    set_up(program, "cameras", "set", "Garage", "motion_rings", "person")
    set_up(program, "cameras", "set", "Bedroom", "motion_rings", "person")
    for name in ("Nursery", "Garage", "Bedroom"):  # what another process has set is known a second later
        wait(program, lambda name=name: categories(program, name) == ["CAMERA", "DOORBELL"])  # type: ignore[misc]
    time.sleep(SAME_S["doorbell"])  # two presses within that are one ring, and an earlier test may just have pressed
    before = rings(program)
    rung: list[str] = []
    for name, happens, does_ring in (
        ("Nursery", "motion", True),
        ("Nursery", "person", False),  # within the pause after it
        ("Garage", "motion", False),  # a cat
        ("Garage", "person", True),
        ("Front Door", "press", True),
    ):
        program.change(name, **{happens: True})
        if does_ring:  # messages may overtake one another
            rung.append(name)
            wait(program, lambda: rings(program)[len(before) :] == rung)


def lists_of_messages(program: Program) -> int:
    """The number of times that the household's messages, in which a press is found, were read."""
    made = requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["calls"]
    return sum(count for path, count in made.items() if "unifiedmsg" in path)


def test_in_quiet_times_nothing_rings_and_motion_is_a_state_all_the_same(program: Program) -> None:
    def detected() -> object:
        alexa = about(program, "alexa")
        return alexa["states"][alexa["names"]["Pond"]].get("detectionState")

    before = rings(program)
    quiet = ("owner", "quiet", "--user", "demo@example.com")
    set_up(program, *quiet, "00:00-12:00, 12:00-00:00", "--zone", "UTC")
    time.sleep(SAME_S["doorbell"])  # a press that only repeats the last one could not have rung
    program.change("Front Door", press=True)
    pressed_at = lists_of_messages(program)
    program.change("Pond", motion=True)
    wait(program, lambda: detected() == "DETECTED")
    wait(program, lambda: lists_of_messages(program) >= pressed_at + 2)  # the press has been read, and judged
    assert rings(program) == before
    set_up(program, *quiet, "nothing")
    program.change("Bedroom", person=True)
    wait(program, lambda: rings(program) == [*before, "Bedroom"])


def test_no_report_broke_a_rule_or_came_to_nothing(program: Program) -> None:
    alexa, google = about(program, "alexa"), about(program, "google")
    assert (alexa["reports"]["dropped"], alexa["reports"]["repeated"]) == ([], 0)
    assert google["reports"]["repeated"] == 0


def links(program: Program) -> list[dict[str, Any]]:
    return list(json.loads(program.command("--demo", "household", "demo@example.com", "--json").stdout)["links"])


def test_a_skill_that_was_disabled_ends_its_link_here(program: Program) -> None:
    program.assistant("alexa", "unlink")
    wait(program, lambda: [link for link in links(program) if link["assistant"] == "alexa"] == [])


def test_a_link_that_ends_here_is_ended_at_google(program: Program) -> None:
    for link in links(program):
        if link["assistant"] == "google":
            ended = program.command("--demo", "household", "end", "demo@example.com", link["id"])
            assert ended.returncode == 0, ended.stderr
    wait(program, lambda: not about(program, "google")["linked"])
    assert "has ended this link" in str(about(program, "google")["problem"])
