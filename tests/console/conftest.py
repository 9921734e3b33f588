"""A house with cameras, its console, and the browsers that come to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.notice_services import WebReceiver


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
