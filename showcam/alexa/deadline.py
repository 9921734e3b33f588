"""The deadline for an answer to Alexa."""

import time

# Alexa waits 6 s for an answer with a picture and 8 s for others; the forwarder waits equally long for all.
ANSWER_S = 5.0  # Alexa's displays give a stream up after 6 s


class Deadline:
    """The deadline of one request. `received`: when the request arrived, by time.monotonic; None: now."""

    __slots__ = ("_late",)

    def __init__(self, received: float | None = None) -> None:
        self._late = (time.monotonic() if received is None else received) + ANSWER_S

    @property
    def left_s(self) -> float:
        """Seconds left to find the answer. Alexa waits a little longer, which covers the network."""
        return max(0.0, self._late - time.monotonic())
