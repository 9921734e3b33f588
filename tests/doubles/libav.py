"""A program of the household's that plays HLS or RTSP as Home Assistant's `stream` and ffmpeg do, in a thread."""

import threading
import time

import av
import av.error


class Libav:
    """`pictures`: the frames decoded so far; `ended`: libavformat's error, or "over", once it has stopped.

    `seen`: when each was decoded, epoch s, and the brightness of its corner.
    """

    def __init__(self, address: str) -> None:
        self.pictures, self.ended, self.first_s = 0, "", 0.0
        self.sizes: set[tuple[int, int]] = set()
        self.seen: list[tuple[float, int]] = []
        self._address, self._stop = address, threading.Event()
        self._thread = threading.Thread(target=self._play, name="program", daemon=True)

    def start(self) -> "Libav":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _play(self) -> None:
        began = time.monotonic()
        try:
            with av.open(self._address, timeout=60.0) as played:
                for frame in played.decode(video=0):
                    self.first_s = self.first_s or time.monotonic() - began
                    self.pictures += 1
                    self.sizes.add((frame.width, frame.height))
                    self.seen.append((time.time(), memoryview(frame.planes[0])[0]))
                    if self._stop.is_set():
                        return
            self.ended = "over"
        except (av.error.FFmpegError, OSError) as error:
            self.ended = str(error)
