"""Which processes start again after a change of what showcam keeps, and when."""

from collections.abc import Callable
from pathlib import Path

import pytest

from showcam.app.process.kept import CHANGED, NOW, WAITS
from showcam.app.process.renewal import Renewal
from showcam.app.process.settings_sources import SettingsError

OLD = {"web": {"S": "1"}, "worker": {"S": "1"}, "media": {"S": "1"}}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 3.0  # later than every interval
        return self.now


def renewal(run: Path, new: dict[str, dict[str, str]], watched: Callable[[], bool] = lambda: False) -> Renewal:
    return Renewal(run, lambda: new, watched, Clock())


def touch(run: Path, name: str) -> None:
    (run / name).write_text("")


@pytest.mark.parametrize(
    ("new", "watched", "now", "due"),
    [
        (OLD, False, False, set()),
        (OLD | {"web": {"S": "2"}}, False, False, {"web"}),
        (OLD | {"web": {"S": "2"}}, True, False, {"web"}),
        (OLD | {"web": {"S": "2"}, "media": {"S": "2"}}, True, False, {"web"}),
        (OLD | {"web": {"S": "2"}, "media": {"S": "2"}}, True, True, {"web", "media"}),
        (OLD | {"worker": {"S": "2"}, "media": {"S": "2"}}, False, False, {"worker", "media"}),
        ({"other": {"S": "2"}}, False, False, set()),
    ],
)
def test_what_has_changed_starts_again_and_pictures_only_when_nobody_watches_or_now(
    tmp_path: Path, new: dict[str, dict[str, str]], watched: bool, now: bool, due: set[str]
) -> None:
    looking = renewal(tmp_path, new, lambda: watched)
    assert looking.due(OLD) == {}
    touch(tmp_path, CHANGED)
    if now:
        touch(tmp_path, NOW)
    assert looking.due(OLD) == {name: new[name] for name in due}


def test_pictures_start_again_once_the_last_viewer_has_gone(tmp_path: Path) -> None:
    watching = [True, True, False]
    new = OLD | {"media": {"S": "2"}}
    looking = renewal(tmp_path, new, lambda: watching.pop(0))
    touch(tmp_path, CHANGED)
    assert [looking.due(OLD) for _ in range(3)] == [{}, {}, {"media": {"S": "2"}}]


def test_while_pictures_are_watched_it_is_said_that_a_change_waits(tmp_path: Path) -> None:
    watching = [True, False]
    looking = renewal(tmp_path, OLD | {"media": {"S": "2"}}, lambda: watching.pop(0))
    touch(tmp_path, CHANGED)
    looking.due(OLD)
    assert (tmp_path / WAITS).exists()
    looking.due(OLD)
    assert not (tmp_path / WAITS).exists()


def test_what_an_earlier_run_said_is_over(tmp_path: Path) -> None:
    touch(tmp_path, WAITS)
    renewal(tmp_path, OLD)
    assert not (tmp_path / WAITS).exists()


def test_settings_that_cannot_be_used_change_nothing(tmp_path: Path) -> None:
    def broken() -> dict[str, dict[str, str]]:
        raise SettingsError("port from showcam.toml is 'x'; a whole number is wanted")

    looking = Renewal(tmp_path, broken, lambda: False, Clock())
    touch(tmp_path, CHANGED)
    assert looking.due(OLD) == {}


def test_a_wish_of_an_earlier_run_is_over(tmp_path: Path) -> None:
    touch(tmp_path, NOW)
    looking = renewal(tmp_path, OLD | {"media": {"S": "2"}}, lambda: True)
    touch(tmp_path, CHANGED)
    assert looking.due(OLD) == {}
