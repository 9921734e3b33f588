"""FEATURE_INFO of the app's list: rows that newer types have, by channel; "0" is the whole device."""

from collections.abc import Sequence
from typing import Any

from simulator.camera import Camera


def features(cameras: Sequence[Camera]) -> dict[str, Any] | None:
    """The rows of one device, whose channels these are; None where its type has none."""
    product = cameras[0].product
    if not (product.features if product else any(camera.flips for camera in cameras)):
        return None
    rows: dict[str, Any] = {"0": {"global": _rows(cameras[-1]) if len(cameras) > 1 else {}}}
    return rows | {str(camera.channel): {"Video": _rows(camera)} for camera in cameras}


def _rows(camera: Camera) -> dict[str, Any]:
    microphone = {"MicrophoneVolume": 70}
    if not camera.flip_feature:
        return {"Microphone": microphone}
    flip = {"enabled": camera.flipped, "imageFlipStyle": "CENTER"}
    return {"Microphone": microphone, "VideoAdjustment": {"ImageFlip": flip}}
