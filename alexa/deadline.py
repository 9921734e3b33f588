"""Until when Alexa has to be answered."""

import time

# Of the six seconds that Alexa gives a camera's answer. All others have eight, and the forwarder gives all the same.
ANSWER_S = 5.0


class Deadline:
    """`received`: when the request came, by time.monotonic; None: just now."""

    __slots__ = ("_late",)

    def __init__(self, received: float | None = None) -> None:
        self._late = (time.monotonic() if received is None else received) + ANSWER_S

    @property
    def left_s(self) -> float:
        """Seconds in which the answer has to be known; what Alexa gives beyond them is for the way there and back."""
        return max(0.0, self._late - time.monotonic())
