"""The settings and the certificate authorities that a media process is started with. Standard library only."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from showcam.engine.grants import CHECK_S, IDLE_S, SESSION_S
from showcam.net.addresses import Network

BEAT_S = 5.0  # between two reports of a media process
ANY_PORT = range(1)  # a socket that is opened at port 0 gets a port that the system chooses


@dataclass(frozen=True, slots=True)
class PlaneSettings:
    bind: str = "127.0.0.1"
    port: int = 8081  # 0: any free port, which MediaServer.port then names
    idle_s: float = IDLE_S  # a session without a request, and a pull without a viewer, end after this
    stream_cap_s: int = 0  # seconds until a session ends; 0: never while a viewer watches and the gate holds
    session_s: int = SESSION_S  # a session's grant verifies for this time if it is not renewed
    live_per_account: int | None = None  # cameras; None: as many as the machine can carry
    live_per_process: int | None = None  # the same, of all accounts
    full_load: float = 0.85  # of a core; from this load on the loop that carries all video takes no further camera
    sessions_of_one: int = 128  # of one household at once, whichever cameras they show
    transcodes: int | Literal["auto"] = "auto"  # videos at once; auto: two, or more if measurements allow
    connections: int = 512  # at once; a descriptor each
    connections_of_one: int = 128  # at once, of one address; unlimited for this machine and for proxies
    trusted_proxies: tuple[Network, ...] = ()
    ice_addresses: tuple[str, ...] = ()  # local addresses offered for WebRTC; empty: the machine's own
    webrtc_ports: range = ANY_PORT  # UDP ports of WebRTC's sockets
    stun: tuple[str, ...] = ()  # host:port each; empty: no server is asked
    turn: str = ""  # turn:host:port?transport=udp or tcp, turns:host:port
    turn_secret: str = ""  # shared with the TURN server, for credentials that expire soon
    ca_file: Path | None = None  # one more certificate authority to trust for vendors, added to the system's
    allow_loopback_sources: bool = False  # only for the demo: its vendor lives on this machine
    loopback_vendors: tuple[str, ...] = ()  # each "host:port" of a practice vendor; only the operator may name them
    gate_check_s: float = CHECK_S  # between two questions whether live sessions may go on
    unasked_s: float = 60.0  # a live video goes on for this time while the gate can't be asked
    picture_wait_s: float = 14.0  # until a first segment is whole; a viewer who then asks again goes on waiting for it
    # seconds for a still that a camera at home makes; after this showcam opens the camera for the still
    still_s: float = 2.0
    card_s: float = 20.0  # a written reason can be read twice in this time, and then ends
    # a camera in the house may take this long from the first packet sent to the first video received
    open_s: float = 8.0
    # an answer by WebRTC that nobody connects to is dropped after this, and for as long a camera without video is tried
    # again, since its viewer can't be told
    connect_s: float = 20.0
    keep_s: float = IDLE_S  # a video is held open for this time after the latest request to keep it warm
    # an answer of the web process about another process is good for this time, and so is "none"
    found_s: float = BEAT_S
    drain_s: float = 0.0  # at SIGTERM live videos go on for this time, and nothing is begun; 0: they end at once
    talk_s: float = 120.0  # somebody talks through a camera for this time at most, then has to pause
    exposed: bool = False  # a public address leads to this machine: by loopback strangers may come, through a proxy
    rtsp_port: int | None = None  # of RTSP for programs of the house; 0: any free port; None: there is no RTSP
    again_s: float = 30.0  # until a whole video is tried again on a connection that was too slow for it


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A TLS context with the system's authorities and one more. Takes 20 ms."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
