"""The media process's requests to the web process while sessions last."""

import itertools
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog

from scripts.deploy_local.emulator import Emulator
from showcam.accounts.links import authenticate
from showcam.app.edge.machines import Internal
from showcam.app.http_types import Refuse, Request
from showcam.drivers.camera import Video
from showcam.engine.grants import START_S, Claims
from showcam.engine.source import Unopened
from showcam.registry.adapter import adapt
from showcam.registry.outcomes import Outcome, collected
from showcam.registry.streams.grants import Questions
from showcam.store.dynamodb import DynamoStore
from showcam.store.sealing import Sealer
from tests.doubles.aws_wire import AwsWire
from tests.doubles.dynamodb_table import create_table
from tests.doubles.household import Household, household
from tests.doubles.waiting import LONG_S

HOUSEHOLDS = 5


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[list[Household]]:
    """On one store, with one driver."""
    first = household(tmp_path)
    rest = [household(tmp_path, store=first.store, user=f"{number}@example.com") for number in range(1, HOUSEHOLDS)]
    yield [first, *rest]
    first.store.close()


def claims(home: Household, name: str) -> Claims:
    _, claims = home.grants.issue(
        account=home.account.id,
        link=home.link.id,
        camera=home.id(name),
        protocol="hls",
        surface="alexa",
        now=home.clock(),
        life_s=START_S,
    )
    return claims


def another_process(home: Household) -> Questions:
    return adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules).questions


def post(home: Household, what: str, data: dict[str, Any], questions: Questions | None = None) -> dict[str, Any]:
    body = json.dumps(data).encode()
    path, proof = f"/internal/sources/{what}", home.grants.proof()
    environ = {"HTTP_X_SHOWCAM_INTERNAL": proof.make(path, body, time.time())}
    internal = Internal(questions or home.questions, proof, partial(authenticate, home.store))
    return dict(json.loads(internal.answer(Request("1", "POST", path, what, body, environ)).body))


def check(home: Household, questions: Questions, requested: list[Claims]) -> list[str | None]:
    denied = post(home, "check", {"claims": [claim.as_json() for claim in requested]}, questions)["denied"]
    return [verdict and verdict["reason"] for verdict in denied]


def test_all_households_are_judged_at_once_and_answered_in_order(homes: list[Household]) -> None:
    requested = [claims(home, name) for home in homes for name in ("Garden", "Attic", "Bedroom")]
    questions = another_process(homes[0])
    together = threading.Barrier(HOUSEHOLDS, timeout=LONG_S)
    homes[0].driver.after_read = lambda: [together.wait()].clear()
    homes[0].driver.calls.clear()

    assert check(homes[0], questions, requested) == [None, "offline", "asleep"] * HOUSEHOLDS
    assert homes[0].driver.calls["read"] == HOUSEHOLDS


def test_what_goes_wrong_with_one_household_is_no_word_about_the_others(homes: list[Household]) -> None:
    questions = another_process(homes[0])
    requested = [claims(home, name) for home in homes for name in ("Garden", "Attic")]
    calls = itertools.count()

    def once() -> None:
        if next(calls) == 0:
            raise RuntimeError("a mistake of ours")

    homes[0].driver.after_read = once
    verdicts = Counter(itertools.batched(check(homes[0], questions, requested), 2, strict=True))
    assert verdicts == {(None, "offline"): HOUSEHOLDS - 1, ("unasked", "unasked"): 1}


def test_no_stream_is_no_question(homes: list[Household]) -> None:
    assert check(homes[0], homes[0].questions, []) == []


@pytest.mark.parametrize(
    ("learnt", "expected"),
    [
        ({"width": 2560, "height": 1440, "b_frames": True}, Video("h264", 2560, 1440, b_frames=True)),
        ({"width": 2560, "height": 1440}, Video("h264", 2560, 1440)),  # by a media process of the version before
    ],
)
def test_what_a_picture_is_like_is_learnt(homes: list[Household], learnt: dict[str, Any], expected: Video) -> None:
    home = homes[0]
    home.driver.change("Garden", video=Video("h264"))
    post(home, "learnt", {"claims": claims(home, "Garden").as_json(), **learnt})
    listed = home.owner.cameras(home.account.id).cameras
    assert next(camera.video for camera in listed if camera.name == "Garden") == expected


@pytest.mark.parametrize(
    ("surface", "first_s", "noted"),
    [
        ("alexa", 1.5, ["alexa"]),
        ("video", 1.5, ["alexa"]),
        ("google", 1.5, ["google"]),
        ("page", 1.5, []),
        ("alexa", None, []),
    ],
)
def test_the_time_to_the_first_picture_of_an_assistants_ask_is_noted(
    homes: list[Household], surface: str, first_s: float | None, noted: list[str]
) -> None:
    home, size = homes[0], {"width": 1280, "height": 720}
    asked = claims(home, "Garden")._replace(surface=surface).as_json()
    with collected() as outcomes:
        post(home, "learnt", {"claims": asked, **size, **({"first_s": first_s} if first_s else {})})
    ids = home.id("Garden"), home.link.id, home.account.id
    assert outcomes == [
        Outcome("first picture", "done", "", "", *ids, assistant, took_s=first_s)  # type: ignore[arg-type]
        for assistant in noted
    ]


def test_what_the_video_showed_of_a_key_is_kept_for_a_camera_that_its_owner_decided_for(homes: list[Household]) -> None:
    home = homes[0]
    judged = {"claims": claims(home, "Garage").as_json(), "mark": "mark", "fits": False}
    post(home, "judged", judged)
    assert home.driver.calls["judge_key"] == 0
    home.decide("Garage", "code")
    post(home, "judged", judged)
    garage = next(camera for camera in home.owner.cameras(home.account.id).cameras if camera.name == "Garage")
    assert (home.driver.calls["judge_key"], garage.picture_code) == (1, "wrong")


@pytest.fixture
def wire(aws: Emulator) -> Iterator[AwsWire]:
    wire = AwsWire(aws.url)
    yield wire
    wire.close()


@pytest.fixture
def on_a_table(aws: Emulator, wire: AwsWire, tmp_path: Path) -> list[Household]:
    """Households on a table behind a wire."""
    table = f"showcam-{secrets.token_hex(4)}"
    create_table(aws.client("dynamodb"), table)
    store = DynamoStore(wire.client(), table, Sealer([("test", secrets.token_bytes(32))]))
    homes = [household(tmp_path, store=store, user=f"{number}@example.com") for number in range(3)]
    return [replace(home, grants=homes[0].grants) for home in homes]


def test_a_household_that_can_not_be_judged_costs_no_other_its_verdict(
    on_a_table: list[Household], wire: AwsWire
) -> None:
    first, second, _ = on_a_table
    requested = [claims(home, name) for home in on_a_table for name in ("Garden", "Attic")]
    wire.hot = second.link.id
    with structlog.testing.capture_logs() as lines:
        denied = post(first, "check", {"claims": [claim.as_json() for claim in requested]})["denied"]
    not_now = {"reason": "unasked", "again": True}
    assert denied == [None, {"reason": "offline", "again": False}, not_now, not_now, *denied[:2]]
    assert [(line["reason"], line["account"]) for line in lines] == [("store", second.account.id)]


@pytest.mark.parametrize("is_old", [False, True])
def test_what_was_lent_comes_back_also_as_the_version_before_writes_it(homes: list[Household], is_old: bool) -> None:
    home = homes[0]
    written = post(home, "open", {"claims": claims(home, "Garden").as_json()})["source"]
    release = f"{written['release']} refused: 5409/asleep/10.0"
    new = {
        "lease": written["lease"],
        "ending": {"type": "unopened", "result": 5409, "reason": "asleep", "rest_s": 10.0},
    }
    body = {"claims": claims(home, "Garden").as_json(), "release": release, **({} if is_old else new)}
    assert post(home, "closed", body) == {}
    assert home.driver.released == [written["lease"]["lent"]]
    assert home.driver.endings == [Unopened(5409, "asleep", 10.0)]


@pytest.mark.parametrize("what", ["open", "admits", "closed"])
def test_without_its_store_it_says_so(on_a_table: list[Household], wire: AwsWire, what: str) -> None:
    home = on_a_table[0]
    data = {"claims": claims(home, "Garden").as_json(), "bearer": home.token(), "release": f"{home.source.id}/place"}
    post(home, what, data)
    wire.throttled = "ThrottlingException"
    questions = another_process(home)
    with structlog.testing.capture_logs() as lines, pytest.raises(Refuse) as refused:
        post(home, what, data, questions)
    assert refused.value.response.status == 503
    assert [line["reason"] for line in lines] == ["store"]
