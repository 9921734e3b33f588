"""A player on GStreamer, of HLS and RTSP: `gstreamer_player.py ADDRESS [paced]`, on the system's Python.

It decodes as fast as it can; a `paced` one is GStreamer's own player, which shows each picture in its time.
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


def main(address: str, paced: str = "") -> None:
    Gst.init(None)
    pipeline = player(address) if paced else decoder(address)
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message::error", lambda _bus, message: say(error=str(message.parse_error())))
    pipeline.set_state(Gst.State.PLAYING)
    GLib.MainLoop().run()


def player(address: str) -> Any:
    pipeline = Gst.ElementFactory.make("playbin3")
    pipeline.set_property("uri", address)
    for kind in ("video", "audio"):
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("sync", True)
        pipeline.set_property(f"{kind}-sink", sink)
        if kind == "video":
            sink.set_property("signal-handoffs", True)
            sink.connect("handoff", shown)
    return pipeline


def shown(_sink: object, buffer: Any, pad: Any) -> None:
    say(**picture(buffer, pad))


def decoder(address: str) -> Any:
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
        decoded = Gst.parse_bin_from_description(line, True)
        decoded.get_by_name("sink").connect("handoff", shown if is_picture else heard)
        pipeline.add(decoded)
        decoded.sync_state_with_parent()
        pad.link(decoded.get_static_pad("sink"))

    source.connect("pad-added", added)
    return pipeline


main(*sys.argv[1:])
