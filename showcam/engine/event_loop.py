"""Helpers for an event loop: a signal to wait for, and tasks that run in the background."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Signal:
    """Rung whenever something changed; each waiter then checks its condition again."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], object], timeout_s: float) -> bool:
        """Waits until the condition is true. False when time ran out first."""
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
    """Holds tasks until they are done: a task that only the loop knows may be collected."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """Waits until all tasks begun so far have ended, also by an error."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def done_within(self, seconds: float) -> None:
        """Waits at most `seconds` for the tasks begun so far; a task that is not done goes on."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
