"""An event loop whose seconds are shorter than life's: hours of waiting and pacing pass in minutes."""

import asyncio
import selectors
import time


class _Selector(selectors.DefaultSelector):
    def __init__(self, pace: float) -> None:
        super().__init__()
        self._pace = pace

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout if timeout is None else timeout / self._pace)


class FastLoop(asyncio.SelectorEventLoop):
    """`pace` of its seconds pass in one of life's; what reads another clock than the loop's notices nothing of it."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        super().__init__(_Selector(pace))

    def time(self) -> float:
        return time.monotonic() * self._pace
