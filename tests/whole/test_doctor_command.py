"""`showcam doctor` beside the running demo, and where nothing runs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.app.setup.google_console import REDIRECTS
from tests.doubles.program import Program, running

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("demo")) as program:
        program.link("google")
        yield program


def test_the_demo_is_well_but_for_the_cameras_that_show_a_fault(demo: Program) -> None:
    done = demo.command("doctor", "--demo", "--json")
    found = {finding["what"]: finding for finding in json.loads(done.stdout)["findings"]}
    cameras = {what for what in found if what.startswith("camera ")}
    assert {what for what in found.keys() - cameras if found[what]["state"] != "ok"} == set()
    assert found["camera Garden"]["state"] == "ok"
    assert found["camera Garage"]["state"] == "unsure"
    assert (done.returncode, [what for what in found if found[what]["state"] == "wrong"]) == (0, [])


def test_where_nothing_runs_it_says_so(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=True)
    done = program.command("doctor", "--demo")
    assert done.returncode == 1
    assert "WRONG" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_key_for_reports_of_another_project_is_named(demo: Program) -> None:
    """Google's client is registered for another project than the simulated one's."""
    redirects = [f"--redirect-uri={redirect.format(project='home-1')}" for redirect in REDIRECTS]
    known = demo.command("clients", "list", "--demo").stdout
    assert "showcam-demo" in known
    assert demo.command("clients", "remove", "google", "--demo").returncode == 0
    assert demo.command("clients", "add", "google", *redirects, "--demo").returncode == 0
    found = json.loads(demo.command("doctor", "google", "--demo", "--json").stdout)["findings"]
    [wrong] = [finding for finding in found if finding["fault"] == "homegraph_key_wrong"]
    assert wrong["state"] == "wrong"
    assert "of the project showcam-demo, and Google's client here is of home-1" in wrong["told"]
    assert "in the project of Google's client" in wrong["mend"]
