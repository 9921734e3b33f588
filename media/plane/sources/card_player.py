"""A card played as if a camera sent it."""

import asyncio
from collections.abc import Callable
from typing import Never

from media.plane.codec.units import CLOCK
from media.plane.sources import card
from media.plane.sources.screen import Screen

AHEAD_S = 4  # written for HLS at once: a player that begins finds whole segments
_AHEAD = AHEAD_S * card.FPS + 1  # the picture after a segment completes it


async def play(screen: Screen, lines: tuple[str, ...], clock: Callable[[], float]) -> Never:
    """Until cancelled."""
    film = await asyncio.to_thread(card.film, lines)
    screen.begin(film.format)
    for number in range(_AHEAD):
        screen.to_hls(film.unit(number))
    began, shift, number = clock(), screen.now(), 0
    while True:
        unit = film.unit(number)
        screen.to_viewers(unit.later(shift))
        screen.to_hls(film.unit(_AHEAD + number))
        number += 1
        await asyncio.sleep(max(0.0, began + number * card.STEP / CLOCK - clock()))
