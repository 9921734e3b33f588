"""What GStreamer decodes, reported as JSON lines: each picture, and where in the sound a tick begins.

Imported by the doubles that run on the system's Python, where their folder is on the path.
"""

import json
import sys

from gi.repository import Gst

PICTURES = "fakesink name=sink signal-handoffs=true sync=false async=false"
SOUND = "audioconvert ! audio/x-raw,format=S16LE,channels=1 ! " + PICTURES
LOUD = 0.2  # of the full scale: where a tick begins
QUIET_S = 0.2  # of silence, after which the next sound is another tick


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def time_of(buffer, pad):
    """Seconds on the pipeline's timeline, which picture and sound share."""
    segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
    return segment.to_running_time(Gst.Format.TIME, buffer.pts) / Gst.SECOND


def picture(buffer, pad):
    shape = pad.get_current_caps().get_structure(0)
    return {
        "pts": time_of(buffer, pad),
        "size": [shape.get_value("width"), shape.get_value("height")],
        "bright": buffer.extract_dup(0, 1)[0] > 127,
        "corrupt": buffer.has_flags(Gst.BufferFlags.CORRUPTED),
    }


class Ticks:
    def __init__(self):
        self._latest = None
        self.loud = 0.0

    def take(self, buffer, pad):
        """When a tick begins in the buffer, else None."""
        samples = memoryview(buffer.extract_dup(0, buffer.get_size())).cast("h")
        self.loud = max(samples, default=0) / 32768
        if self.loud <= LOUD:
            return None
        rate = pad.get_current_caps().get_structure(0).get_value("rate")
        at = next(number for number, value in enumerate(samples) if value > LOUD * 32768)
        began = time_of(buffer, pad) + at / rate
        is_next = self._latest is None or began - self._latest > QUIET_S
        self._latest = began
        return began if is_next else None
