"""What the media process asks while streams last."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from media.grants import START_S, Claims
from registry.registry import Registry
from showcam.exchange import Request
from showcam.internal import Internal
from store.records import Assistant, Link
from tests.doubles.household import Household, household

HOUSEHOLDS = 5


def nobody(token: str, assistant: Assistant) -> Link:
    raise AssertionError("no bearer is asked for here")


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[list[Household]]:
    """On one store, with one driver."""
    first = household(tmp_path)
    rest = [household(tmp_path, store=first.store, user=f"{each}@example.com") for each in range(1, HOUSEHOLDS)]
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


def check(home: Household, registry: Registry, asked: list[Claims]) -> list[str | None]:
    body = json.dumps({"claims": [asdict(each) for each in asked]}).encode()
    path, proof = "/internal/sources/check", home.grants.proof()
    environ = {"HTTP_X_SHOWCAM_INTERNAL": proof.make(path, body, time.time())}
    request = Request("1", "POST", path, "check", body, environ)
    denied = json.loads(Internal(registry, proof, nobody).answer(request).body)["denied"]
    return [each and each["reason"] for each in denied]


def test_the_gate_is_asked_of_all_households_at_once_and_answers_in_their_order(homes: list[Household]) -> None:
    asked = [claims(home, name) for home in homes for name in ("Garden", "Attic", "Bedroom")]
    registry = Registry(homes[0].store, {"ezviz": homes[0].driver}, homes[0].pictures, homes[0].grants, homes[0].rules)
    together = threading.Barrier(HOUSEHOLDS, timeout=10)
    homes[0].driver.then = lambda: [together.wait()].clear()
    homes[0].driver.calls.clear()

    assert check(homes[0], registry, asked) == [None, "offline", "asleep"] * HOUSEHOLDS
    assert homes[0].driver.calls["read"] == HOUSEHOLDS


def test_no_stream_is_no_question(homes: list[Household]) -> None:
    assert check(homes[0], homes[0].registry, []) == []
