"""$BENCH_CAMERAS cameras, each with a running stream, so that the answer is timed and not the picture."""

import os

from homeassistant.components.camera import Camera, CameraEntityFeature


async def async_setup_platform(hass, config, add, discovery_info=None):
    add(RunningCamera(number) for number in range(int(os.environ["BENCH_CAMERAS"])))


class RunningCamera(Camera):
    _attr_supported_features = CameraEntityFeature.STREAM
    _attr_is_streaming = True
    _attr_brand = "EZVIZ"
    _attr_model = "C3TN"

    def __init__(self, number):
        super().__init__()
        self._attr_name = f"Camera {number}"
        self._attr_unique_id = f"bench-{number}"
        self.entity_id = f"camera.bench_{number}"

    async def stream_source(self):
        return "rtsp://127.0.0.1:9/none"

    async def async_create_stream(self):
        fresh = self.stream is None
        stream = await super().async_create_stream()
        if fresh:
            # a worker thread that lives and pulls nothing
            stream._run_worker = stream._thread_quit.wait
        return stream
