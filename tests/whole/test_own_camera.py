"""Barn, a camera of the owner's own, beside EZVIZ's in the demo: to both assistants, and away."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Both assistants are shown a camera of the house with G.711 sound", leans_on="double: camera and assistants"
)


@pytest.fixture
def barn(demo: Program) -> Iterator[Program]:
    yield demo
    change(demo, online=True)


def change(program: Program, **values: bool) -> None:
    requests.post(f"{program.simulator}/_control/BARN00417", json=values, timeout=LONG_S).raise_for_status()


@pytest.mark.parametrize("via", ["webrtc", "hls"])
@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_its_smaller_picture_is_shown_with_sound(demo: Program, assistant: str, via: str) -> None:
    answer = demo.shown(assistant, "show the barn camera", via=via)
    assert (answer["shown"]["width"], answer["shown"]["height"]) == (320, 180), "H.264, beside a whole one in H.265"
    assert answer["shown"]["audio_rms"] > 0


@pytest.mark.parametrize(("assistant", "reason"), [("alexa", "ENDPOINT_UNREACHABLE"), ("google", "streamUnavailable")])
def test_one_that_says_nothing_is_refused_with_its_mend(barn: Program, assistant: str, reason: str) -> None:
    change(barn, online=False)

    def is_refused(answer: dict[str, Any]) -> bool:
        """What another test still watches flows on for a moment, and is joined; its picture then stays away."""
        return reason in str(answer["outcome"]["told"])

    answer = barn.asked_until(is_refused, assistant, "watch", text="show the barn camera")
    assert "“Name, password, address”" in answer["outcome"]["person"]
