"""A house with cameras, its console, and the browsers that come to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.notice_services import WebReceiver
from tests.doubles.own_pages import House, Pages
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_recording import recorded


@pytest.fixture
def world(tmp_path: Path) -> Iterator[HomeWorld]:
    made = home_world(tmp_path)
    yield made
    made.home.store.close()


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    made = WebReceiver()
    yield made
    made.close()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def pages(world: HomeWorld) -> Pages:
    return Pages(world)


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    made = RtspCamera(recording=recorded(sound="pcmu", gop_s=1))
    yield made
    made.close()
