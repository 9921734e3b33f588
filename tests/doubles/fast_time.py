"""An event loop whose clock waits for nobody: where nothing is ready it goes on to the next timer at once.

Sockets are real, with both ends in the same loop. What would run in a thread runs in the loop, so that the clock stands
still meanwhile.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

NEAR_S = 1.0
ON_ITS_WAY_S = 0.002  # before a far timer: a busy machine may deliver a little later what was sent to this loop


class _Selector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skip: Callable[[float], None] = lambda _: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0 if timeout is not None else None)
        if not found and timeout and timeout > NEAR_S:
            found = super().select(ON_ITS_WAY_S)
        if not found and timeout:
            self.skip(timeout)
        return found


class FastLoop(asyncio.SelectorEventLoop):
    """Its time is `at`."""

    def __init__(self) -> None:
        self.at = 1000.0
        selector = _Selector()
        super().__init__(selector)
        selector.skip = self._skip

    def time(self) -> float:
        return self.at

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def _skip(self, seconds: float) -> None:
        self.at += seconds


def run[T](scene: Callable[[FastLoop], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, FastLoop)
        return runner.run(scene(loop))
