"""Work that nobody waits for, held until it is done: a task that only the loop knows may be collected."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """When all that was begun so far has ended, however it did."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def done_within(self, seconds: float) -> None:
        """The same, but no longer than that; what goes on then is not cancelled."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
