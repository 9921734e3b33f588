"""A camera on GStreamer's RTSP server, a stack of its own kind.

Runs on the system's Python, which alone has GStreamer, as a process: `gstreamer_camera.py PROTOCOL LAUNCH`, with
PROTOCOL tcp or udp, the only one it speaks, and LAUNCH the line of its pipeline, each payloader named pay0, pay1. It
says {"port": n}, on 127.0.0.1, and ends when it is killed.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402


def main(protocol: str, launch: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    factory.set_shared(True)
    factory.set_protocols(getattr(GstRtsp.RTSPLowerTrans, protocol.upper()))
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    sys.stdout.write(json.dumps({"port": server.get_bound_port()}) + "\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


main(*sys.argv[1:])
