"""A clock that tests set, households, and vendors that are real servers on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.notice_services import Owner
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.vendor_fixtures import authority, vendors  # noqa: F401 - fixtures


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    made = RtspCamera()
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_home(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Household]]:
    """Makes the household of the test, with an Alexa link, on a clock that only the test moves."""
    with ExitStack() as made:

        def build(**given: Any) -> Household:
            home = household(tmp_path, clock=clock, **given)
            made.callback(home.store.close)
            return home

        yield build


@pytest.fixture
def home(make_home: Callable[..., Household]) -> Household:
    return make_home()


@pytest.fixture
def owner(make_home: Callable[..., Household], clock: Clock) -> Owner:
    return Owner(make_home(), clock)
