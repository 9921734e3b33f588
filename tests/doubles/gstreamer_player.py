"""A player on GStreamer, of HLS and RTSP: `gstreamer_player.py ADDRESS`, on the system's Python, which has GStreamer.

Each line is JSON: what gstreamer_sinks reports of pictures, {"tick": seconds} of sound. Ends when it is killed.
"""

import sys
from typing import Any

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402
from gstreamer_sinks import PICTURES, SOUND, Ticks, picture, say  # noqa: E402

DECODERS = {
    "video/x-h264": "avdec_h264 max-threads=1",
    "video/x-h265": "avdec_h265 max-threads=1",
    "audio/mpeg": "avdec_aac",
    "audio/x-mulaw": "mulawdec",
    "audio/x-alaw": "alawdec",
}


def main(address: str) -> None:
    Gst.init(None)
    loop = GLib.MainLoop()
    pipeline = Gst.Pipeline.new()
    source = Gst.ElementFactory.make("uridecodebin3")
    source.set_property("uri", address)
    source.set_property("caps", Gst.Caps.from_string(";".join(DECODERS)))
    pipeline.add(source)
    ticks = Ticks()

    def heard(_sink: object, buffer: Any, pad: Any) -> None:
        if (tick := ticks.take(buffer, pad)) is not None:
            say(tick=tick)

    def added(_source: object, pad: Any) -> None:
        named = pad.query_caps(None).to_string().partition(",")[0]
        is_picture = named.startswith("video")
        line = f"{DECODERS[named]} ! {PICTURES if is_picture else SOUND}"
        shown = Gst.parse_bin_from_description(line, True)
        handed = (lambda _sink, buffer, pad: say(**picture(buffer, pad))) if is_picture else heard
        shown.get_by_name("sink").connect("handoff", handed)
        pipeline.add(shown)
        shown.sync_state_with_parent()
        pad.link(shown.get_static_pad("sink"))

    source.connect("pad-added", added)
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message::error", lambda _bus, message: say(error=str(message.parse_error())))
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()


main(*sys.argv[1:])
