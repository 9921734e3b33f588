"""A module of a room has 250 lines at most."""

import pytest

from tests.house.test_arrows import ROOMS, ROOT

MOST_LINES = 250


def modules() -> list[str]:
    return [str(path.relative_to(ROOT)) for room in sorted(ROOMS) for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("module", modules())
def test_a_module_is_read_in_one_sitting(module: str) -> None:
    assert len((ROOT / module).read_text().splitlines()) <= MOST_LINES
