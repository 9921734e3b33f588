"""A soft tone of the camera's pitch: one second that repeats, swelling and fading."""

import math
from array import array

RATE_HZ = 16000
FRAME = 1024  # samples, as AAC wants them
_LOUDNESS = 0.18


class Tone:
    def __init__(self, pitch_hz: int) -> None:
        """`pitch_hz` is whole, so that the second joins onto itself without a click."""
        turn = 2 * math.pi / RATE_HZ
        second = array(
            "f",
            (_LOUDNESS * (0.55 - 0.45 * math.cos(turn * at)) * math.sin(turn * pitch_hz * at) for at in range(RATE_HZ)),
        )
        self._samples = second + second[:FRAME]

    def frame(self, first: int) -> bytes:
        """FRAME samples from the sample numbered `first`, as float32."""
        at = first % RATE_HZ
        return self._samples[at : at + FRAME].tobytes()
