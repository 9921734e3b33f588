"""Runs in Debian's own Python: a display on GStreamer's webrtcbin, which takes what comes and decodes nothing.

Writes its offer as a line of JSON, {"offer": sdp}, reads {"answer": sdp}, and writes {"takes": "video"} once pictures
come. Ends when it is killed.
"""

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

CAPS = (
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=96,clock-rate=48000,encoding-params=(string)2",
    "application/x-rtp,media=video,encoding-name=H264,payload=97,clock-rate=90000,"
    "packetization-mode=(string)1,profile-level-id=(string)42e01f,level-asymmetry-allowed=(string)1",
)


class Display:
    def __init__(self):
        self._pipeline = Gst.Pipeline.new()
        self._peer = Gst.ElementFactory.make("webrtcbin")
        Gst.util_set_object_arg(self._peer, "bundle-policy", "max-bundle")
        # no multicast search for a router, and only this address
        self._ice = self._peer.get_property("ice-agent")  # held, or the element's agent is freed
        self._ice.get_property("agent").set_property("upnp", False)
        self._ice.emit("add-local-ip-address", "127.0.0.1")
        self._pipeline.add(self._peer)
        self._peer.connect("pad-added", self._take)
        self._peer.connect("notify::ice-gathering-state", self._gathered)
        for caps in CAPS:
            recvonly = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            self._peer.emit("add-transceiver", recvonly, Gst.Caps.from_string(caps))
        self._reply = None
        self._pipeline.set_state(Gst.State.PLAYING)
        self._peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offered, None))

    def answered(self, sdp):
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self._peer.emit("set-remote-description", answer, None)

    def _offered(self, promise, _data):
        self._reply = promise.get_reply()  # held, or the offer in it is freed
        self._peer.emit("set-local-description", self._reply.get_value("offer"), None)

    def _gathered(self, *_):
        if self._peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            print(json.dumps({"offer": self._peer.get_property("local-description").sdp.as_text()}), flush=True)

    def _take(self, _peer, pad):
        if pad.direction == Gst.PadDirection.SRC:
            sink = Gst.ElementFactory.make("fakesink")
            sink.set_property("sync", False)
            self._pipeline.add(sink)
            sink.sync_state_with_parent()
            pad.link(sink.get_static_pad("sink"))
            if pad.get_current_caps().get_structure(0).get_string("media") == "video":
                print(json.dumps({"takes": "video"}), flush=True)


def listen(display):
    for line in sys.stdin:
        display.answered(json.loads(line)["answer"])


Gst.init(None)
threading.Thread(target=listen, args=(Display(),), daemon=True).start()
GLib.MainLoop().run()
