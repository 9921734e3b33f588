"""Why RTSP brings no picture."""

from typing import Literal


class RtspFailed(Exception):
    """`why`: "down" is a fault that may pass. The text holds nothing that the camera sent, and no address."""

    def __init__(self, why: Literal["down", "busy", "code_wrong", "not_playable"]) -> None:
        super().__init__(why)
        self.why = why
