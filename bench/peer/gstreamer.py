"""Runs in Debian's own Python: GStreamer pulls the cameras whose URLs are given and writes HLS segments into FOLDER.

`python3 gstreamer.py FOLDER URL…`, until it is killed.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


def main(folder, *urls):
    Gst.init(None)
    pipelines = []
    for number, url in enumerate(urls):
        within = Path(folder) / str(number)
        within.mkdir()
        pipelines.append(
            Gst.parse_launch(
                f'rtspsrc name=camera location="{url}" protocols=tcp latency=0 '
                f"hlssink2 name=hls target-duration=2 playlist-length=4 max-files=9 "
                f"location={within}/%05d.ts playlist-location={within}/index.m3u8 "
                "camera. ! application/x-rtp,media=video ! rtph264depay ! h264parse ! hls.video "
                "camera. ! application/x-rtp,media=audio ! rtpmp4gdepay ! aacparse ! hls.audio"
            )
        )
    for pipeline in pipelines:
        pipeline.set_state(Gst.State.PLAYING)
    GLib.MainLoop().run()


main(*sys.argv[1:])
