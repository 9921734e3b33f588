"""The line above the cameras: how many are live, asleep or need you, and whether each assistant is ready."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from showcam.console.home.tiles import ASSISTANTS, ENDS_BY_ITSELF, Tile
from showcam.i18n.catalogue import OURS, Language, mark
from showcam.store.records import Assistant

type Kind = Literal["live", "asleep", "waits", "needs"]
type Word = Literal["unlinked", "ready", "not_ready"]

# one camera, several cameras
COUNTED: dict[Kind, tuple[str, str]] = {
    "live": (mark("{count} live"), mark("{count} live")),
    "asleep": (mark("{count} asleep"), mark("{count} asleep")),
    "waits": (mark("{count} coming"), mark("{count} coming")),
    "needs": (mark("{count} needs you"), mark("{count} need you")),
}
# the age of a still: up to the seconds, in units of the seconds
AGES: tuple[tuple[int, int, str], ...] = (
    (60, 60, mark("just now")),
    (3600, 60, mark("{count} min ago")),
    (86400, 3600, mark("{count} h ago")),
    (172800, 86400, mark("yesterday")),
    (10**9, 86400, mark("{count} days ago")),
)


class AssistantState(Struct, frozen=True):
    """`shows`: the number of cameras that the assistant can show. `refused`: cameras that only the page shows."""

    assistant: Assistant
    word: Word
    shows: int = 0
    refused: tuple[Tile, ...] = ()


def kind(tile: Tile) -> Kind:
    """Counts each camera once. A camera on battery rests until somebody presses."""
    if tile.why_not is None:
        return "asleep" if tile.on_battery else "live"
    if tile.why_not["reason"] == "asleep":
        return "asleep"
    return "waits" if tile.why_not["reason"] in ENDS_BY_ITSELF else "needs"


def summary(tiles: Sequence[Tile], language: Language) -> str:
    """Says how many cameras are live, asleep, coming or need somebody; "" without cameras."""
    kinds = [kind(tile) for tile in tiles]
    counts = {name: kinds.count(name) for name in COUNTED}
    return " · ".join(
        OURS.say(language, COUNTED[name][count != 1], count=count) for name, count in counts.items() if count
    )


def assistants(tiles: Sequence[Tile]) -> list[AssistantState]:
    """Says of each assistant whether it has cameras here, and whether it can show those that the page can show."""
    return [_state(assistant, tiles) for assistant in ASSISTANTS]


def _state(assistant: Assistant, tiles: Sequence[Tile]) -> AssistantState:
    linked = [(tile, can) for tile in tiles if (can := getattr(tile.shows, assistant)) is not None]
    shows = sum(can for _, can in linked)
    refused = tuple(tile for tile, can in linked if not can and tile.shows.why_not)
    if not linked:
        return AssistantState(assistant, "unlinked")
    return AssistantState(assistant, "ready" if shows and not refused else "not_ready", shows, refused)


def ages(language: Language) -> list[tuple[int, int, str]]:
    """Lists AGES in the language, with the gap for the number."""
    return [(most, unit, OURS.say(language, sentence, count="{count}")) for most, unit, sentence in AGES]


def age(seconds: float, language: Language) -> str:
    """Says how long ago a still was taken, by the largest unit that fits."""
    passed = max(0.0, seconds)
    _, unit, sentence = next(row for row in AGES if passed < row[0])
    return OURS.say(language, sentence, count=int(passed // unit))
