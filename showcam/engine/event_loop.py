"""What one event loop needs: a signal to wait for, and work that nobody waits for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Signal:
    """Rung whenever something changed; whoever waits then looks again."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], object], timeout_s: float) -> bool:
        """False when time ran out first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while not condition():
            left = deadline - loop.time()
            if left <= 0:
                return False
            future = loop.create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait_for(future, left)
            except TimeoutError:
                return bool(condition())
            finally:
                self._waiting.discard(future)
        return True


class Background:
    """Holds tasks until they are done: one that only the loop knows may be collected."""

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
