"""What the picture process is given at its start."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from showcam.engine.grants import CHECK_S, IDLE_S, SESSION_S
from showcam.net.addresses import Network


@dataclass(frozen=True, slots=True)
class PlaneSettings:
    bind: str = "127.0.0.1"
    port: int = 8081  # 0: any free one, which MediaServer.port names
    idle_s: float = IDLE_S  # a session without a request, and a pull without a viewer, end after this
    stream_cap_s: int = 0  # seconds after which a session ends; 0: none, while somebody watches and the gate holds
    session_s: int = SESSION_S  # a session's grant verifies so long by itself
    live_per_account: int | None = None  # cameras; None: as many as the machine carries
    live_per_process: int | None = None  # the same, of all accounts
    full_load: float = 0.85  # of a core; from then on the loop that carries all pictures takes no further camera
    sessions_of_one: int = 128  # of one household at once, whichever cameras they show
    transcodes: int | Literal["auto"] = "auto"  # pictures at once; auto: two, and more as is measured
    connections: int = 512  # at once; a descriptor each
    connections_of_one: int = 128  # of one address that is neither this machine's nor a proxy's
    trusted_proxies: tuple[Network, ...] = ()
    ice_addresses: tuple[str, ...] = ()  # local addresses offered for WebRTC; empty: the machine's own
    stun: tuple[str, ...] = ()  # host:port each; empty: none is asked
    turn: str = ""  # turn:host:port?transport=udp or tcp, turns:host:port
    turn_secret: str = ""  # shared with the TURN server, for credentials that are over soon
    ca_file: Path | None = None  # one more certificate authority towards vendors, beside the system's
    allow_loopback_sources: bool = False  # the demo alone: its vendor lives on this machine
    loopback_vendors: tuple[str, ...] = ()  # "host:port" that the operator named so himself, to practise on
    gate_check_s: float = CHECK_S  # between two questions whether live sessions may go on
    unasked_s: float = 60.0  # so long a live picture goes on while nobody can be asked whether it may
    picture_wait_s: float = 14.0  # until a first segment is whole; who then asks again goes on waiting for it
    still_s: float = 2.0  # for a still that a camera at home makes itself; then it is opened for one
    card_s: float = 20.0  # a written reason can be read twice, and is over by itself
    open_s: float = 8.0  # a camera in the house has this from the first packet sent to the first picture that comes
    connect_s: float = 20.0  # an answer by WebRTC that nobody connects to is dropped after this
    answered_s: float = 20.0  # a first picture is tried for so long again where a viewer can't be told that none comes
    keep_s: float = IDLE_S  # a picture is held open for so long, unless somebody says again that it is kept warm
    again_s: float = 30.0  # until a whole picture is tried again on a connection that did not take it
    calm_s: float = 5.0  # without loss, before that

    @property
    def life_s(self) -> int:
        """Seconds for which a new session's grant verifies."""
        return self.stream_cap_s or self.session_s
