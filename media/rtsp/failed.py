"""Why a camera's picture cannot be had by RTSP."""

from typing import Literal


class RtspFailed(Exception):
    """`why`: down is whatever may pass by itself. Nothing that the camera said is in it, and no address."""

    def __init__(self, why: Literal["down", "busy", "code_wrong", "not_playable"]) -> None:
        super().__init__(why)
        self.why = why
