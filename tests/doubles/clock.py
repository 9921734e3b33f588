"""A clock that a test sets."""


class Clock:
    """Epoch seconds in `now`."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def wait(self, seconds: float) -> None:
        """Nothing but the clock waits."""
        self.now += seconds

    def __call__(self) -> float:
        return self.now
