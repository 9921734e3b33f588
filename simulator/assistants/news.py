"""What happens at an assistant without a person's wish, for the practice page: a report came, somebody rang."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

KEPT = 200


@dataclass(frozen=True, slots=True)
class Item:
    number: int
    kind: Literal["report", "ring", "announcement"]
    camera: str  # its id; "" where it is about none or several
    at: float  # by the event loop's clock


class News:
    def __init__(self) -> None:
        self.items: deque[Item] = deque(maxlen=KEPT)
        self._last = 0
        self._came = asyncio.Event()

    def add(self, kind: Literal["report", "ring", "announcement"], camera: str = "") -> None:
        self._last += 1
        self.items.append(Item(self._last, kind, camera, asyncio.get_running_loop().time()))
        self._came.set()
        self._came = asyncio.Event()

    async def after(self, number: int | None = None) -> AsyncIterator[Item]:
        """Each item after that number, None: after now, as it comes."""
        seen = self._last if number is None else number
        while True:
            came = self._came
            for item in [item for item in self.items if item.number > seen]:
                seen = item.number
                yield item
            await came.wait()
