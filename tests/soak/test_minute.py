"""A minute of watching whose sources are cut again and again; `make soak` watches for a day."""

import pytest

from tests.doubles.long_watch import CAMERAS, Watched, watch

LASTS_S, EVERY_S, SESSION_S = 62.0, 12.0, 10
VIEWERS = [f"{camera} by {protocol}" for camera in CAMERAS for protocol in ("HLS", "WebRTC")]


@pytest.fixture(scope="module")
def watched() -> Watched:
    return watch(LASTS_S, EVERY_S, SESSION_S)


@pytest.mark.xdist_group("long watch")
class TestAMinute:
    def test_nobody_begins_again_though_grants_last_ten_seconds(self, watched: Watched) -> None:
        assert watched.reloads == []

    @pytest.mark.parametrize("viewer", VIEWERS)
    def test_a_cut_is_over_within_two_seconds(self, viewer: str, watched: Watched) -> None:
        assert len(watched.gaps[viewer]) >= 3
        assert max(watched.gaps[viewer]) <= 2.0

    def test_memory_and_descriptors_stay(self, watched: Watched) -> None:
        mib, descriptors = watched.growth()
        assert mib <= 12, "caches are still filling"
        assert descriptors <= 2
