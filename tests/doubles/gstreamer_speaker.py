"""A camera with a speaker, on GStreamer's ONVIF server (RTSPOnvifServer), which keeps what it plays.

Runs on the system's Python, which alone has GStreamer, as a process: `gstreamer_speaker.py ENCODING RECORDING`, with
ENCODING PCMU or PCMA, the only one that it plays. RECORDING gets the samples, 16 bits and 8000 a second. It says
{"port": n}, on 127.0.0.1, and ends when it is killed. Its picture has a silent microphone.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PICTURE = (
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 "
    "! x264enc tune=zerolatency key-int-max=25 ! video/x-h264,profile=baseline ! rtph264pay name=pay0 pt=96 "
    "audiotestsrc is-live=true freq=440 volume=0.5 ! audio/x-raw,rate=8000,channels=1 ! mulawenc "
    "! rtppcmupay name=pay1 pt=0 )"
)
PAYLOADS = {"PCMU": (0, "rtppcmudepay ! mulawdec"), "PCMA": (8, "rtppcmadepay ! alawdec")}


def main(encoding: str, recording: str) -> None:
    Gst.init(None)
    payload, decode = PAYLOADS[encoding]
    server = GstRtspServer.RTSPOnvifServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPOnvifMediaFactory()
    factory.set_launch(PICTURE)
    takes = f"application/x-rtp,media=audio,payload={payload},clock-rate=8000,encoding-name={encoding}"
    factory.set_backchannel_launch(
        f'( capsfilter caps="{takes}" name=depay_backchannel ! {decode} ! audioconvert '
        f"! audio/x-raw,format=S16LE,rate=8000,channels=1 ! filesink location={recording} append=true async=false "
        "buffer-mode=unbuffered )"
    )
    factory.set_shared(False)
    factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    sys.stdout.write(json.dumps({"port": server.get_bound_port()}) + "\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


main(*sys.argv[1:])
