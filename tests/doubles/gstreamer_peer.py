"""A display on GStreamer's webrtcbin, whose ICE (libnice) and DTLS are others than aiortc's, with an RSA certificate.

Runs as a process on the system's Python, which has GStreamer:
`gstreamer_peer.py ADDRESS BUNDLE_POLICY LATENCY_MS [SECTION …]`. Each line is JSON. It writes {"offer": sdp}, reads
{"answer": sdp}, and writes for each decoded picture {"video": seconds since the offer, "audio": those of the latest
sound, "loud": 0 to 1}, with what gstreamer_sinks reports of it, and {"tick": seconds} of sound. Ends when it is killed
or its input ends.
"""

import json
import sys
import threading
import time
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402
from gstreamer_sinks import PICTURES, SOUND, Ticks, field, picture, say  # noqa: E402

CAPS = {
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,payload=96,clock-rate=48000,encoding-params=(string)2",
    "video": "application/x-rtp,media=video,encoding-name=H264,payload=97,clock-rate=90000,"
    "packetization-mode=(string)1,profile-level-id=(string)42e01f,level-asymmetry-allowed=(string)1",
}
DECODERS = {
    "audio": "rtpopusdepay ! opusdec ! " + SOUND,
    "video": "rtph264depay name=packets ! avdec_h264 max-threads=1 ! " + PICTURES,
}


class Display:
    def __init__(self, address: str, policy: str, latency_ms: str, sections: list[str]) -> None:
        self._pipeline = Gst.Pipeline.new()
        self._peer = Gst.ElementFactory.make("webrtcbin")
        Gst.util_set_object_arg(self._peer, "bundle-policy", policy)
        self._peer.set_property("latency", int(latency_ms))
        # no multicast search for a router, and only the given address
        self._ice = self._peer.get_property("ice-agent")  # held, or the element's agent is freed
        self._ice.get_property("agent").set_property("upnp", False)
        self._ice.emit("add-local-ip-address", address)
        self._pipeline.add(self._peer)
        self._peer.connect("pad-added", self._add_track)
        self._peer.connect("notify::ice-gathering-state", self._gathered)
        for kind in sections:
            recvonly = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            self._peer.emit("add-transceiver", recvonly, Gst.Caps.from_string(CAPS[kind]))
        self._reply: Any = None
        self._began = 0.0
        self._sound_s, self._ticks = 0.0, Ticks()
        self._stamps: list[int] = []
        bus = self._pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _bus, message: say(error=str(message.parse_error())))
        self._pipeline.set_state(Gst.State.PLAYING)
        self._peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offered, None))

    def answered(self, sdp: str) -> None:
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self._peer.emit("set-remote-description", answer, None)

    def _offered(self, promise: Any, _data: object) -> None:
        self._reply = promise.get_reply()  # held, or the offer in it is freed
        self._peer.emit("set-local-description", self._reply.get_value("offer"), None)

    def _gathered(self, *_: object) -> None:
        if self._peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self._began = time.monotonic()
            say(offer=self._peer.get_property("local-description").sdp.as_text())

    def _add_track(self, _peer: object, pad: Any) -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        kind = field(pad, "media")
        decoder = Gst.parse_bin_from_description(DECODERS[kind], True)
        decoder.get_by_name("sink").connect("handoff", self._picture if kind == "video" else self._sound)
        if kind == "video":
            packets = decoder.get_by_name("packets").get_static_pad("sink")
            packets.add_probe(Gst.PadProbeType.BUFFER, self._packet)
        self._pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def _picture(self, _sink: object, buffer: Any, pad: Any) -> None:
        since = time.monotonic() - self._began
        stamp = self._stamps.pop(0)
        missed = len(self._stamps)  # that came whole and were not decoded: one thread does both
        facts = {"stamp": stamp, "missed": missed, **picture(buffer, pad)}
        say(video=since, audio=self._sound_s, loud=self._ticks.loud, **facts)

    def _packet(self, _pad: object, info: Any) -> Any:
        """Notes the RTP time of each picture: the pipeline's is moved to where its sound is."""
        stamp = int.from_bytes(info.get_buffer().extract_dup(4, 4))
        if stamp not in self._stamps[-1:]:
            self._stamps.append(stamp)
        return Gst.PadProbeReturn.OK

    def _sound(self, _sink: object, buffer: Any, pad: Any) -> None:
        self._sound_s = time.monotonic() - self._began
        if (tick := self._ticks.take(buffer, pad)) is not None:
            say(tick=tick)


def listen(display: Display, loop: Any) -> None:
    for line in sys.stdin:
        display.answered(json.loads(line)["answer"])
    loop.quit()


def main(address: str, policy: str, latency_ms: str, *sections: str) -> None:
    Gst.init(None)
    loop = GLib.MainLoop()
    display = Display(address, policy, latency_ms, list(sections) or ["audio", "video"])
    threading.Thread(target=listen, args=(display, loop), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
