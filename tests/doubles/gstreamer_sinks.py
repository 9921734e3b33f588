"""What GStreamer decodes, reported as JSON lines: each picture, and where in the sound a tick begins.

Imported by the doubles that run on the system's Python, where their folder is on the path.
"""

import contextlib
import json
import sys
import time
from typing import Any

from gi.repository import Gst

PICTURES = "fakesink name=sink signal-handoffs=true sync=false async=false"
SOUND = "audioconvert ! audio/x-raw,format=S16LE,channels=1 ! " + PICTURES
LOUD = 0.2  # of the full scale: where a tick begins
QUIET_S = 0.2  # of silence, after which the next sound is another tick


def say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def field(pad: Any, name: str) -> Any:
    """A field of what the pad carries. Debian's python3-gst-1.0 hands a structure out inside a `with` only."""
    structure = pad.get_current_caps().get_structure(0)
    with structure if hasattr(structure, "__enter__") else contextlib.nullcontext(structure) as readable:
        return readable.get_value(name)


def time_of(buffer: Any, pad: Any) -> float:
    """Seconds on the pipeline's timeline, which picture and sound share."""
    segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
    return float(segment.to_running_time(Gst.Format.TIME, buffer.pts) / Gst.SECOND)


def picture(buffer: Any, pad: Any) -> dict[str, Any]:
    """Its time on the pipeline's timeline and on the wall's clock, its size, and the brightness of its corner."""
    level = buffer.extract_dup(0, 1)[0]
    return {
        "pts": time_of(buffer, pad),
        "size": [field(pad, "width"), field(pad, "height")],
        "bright": level > 127,
        "level": level,
        "at": time.time(),
        "corrupt": buffer.has_flags(Gst.BufferFlags.CORRUPTED),
    }


class Ticks:
    def __init__(self) -> None:
        self._latest: float | None = None
        self.loud = 0.0

    def take(self, buffer: Any, pad: Any) -> float | None:
        """When a tick begins in the buffer, else None."""
        samples = memoryview(buffer.extract_dup(0, buffer.get_size())).cast("h")
        self.loud = max(samples, default=0) / 32768
        if self.loud <= LOUD:
            return None
        rate = field(pad, "rate")
        at = next(number for number, value in enumerate(samples) if value > LOUD * 32768)
        began = time_of(buffer, pad) + at / rate
        is_next = self._latest is None or began - self._latest > QUIET_S
        self._latest = began
        return began if is_next else None
