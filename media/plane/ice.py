"""How a display is found across the internet: our own addresses, STUN and TURN, gathered within a bound.

Time-limited TURN credentials: draft-uberti-behave-turn-rest, the way coturn's `use-auth-secret` takes them.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Iterable
from contextvars import ContextVar

import aioice.ice
import aiortc.rtcicetransport
from aioice import Candidate
from aiortc import RTCIceServer, RTCIceTransport

from media.plane.settings import PlaneSettings

SERVERS_S = 0.6  # STUN and TURN have this; what has not answered by then is left out
LEAST_S = 0.3  # and this in any hurry: without them a display away from home is answered in vain
_USER = "showcam"
_servers_s = ContextVar("_servers_s", default=SERVERS_S)


class _Bounded(aioice.ice.Connection):
    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: float | None = None,
    ) -> list[Candidate]:
        bound = _servers_s.get() if timeout is None else timeout
        return await super().get_component_candidates(component, addresses, bound)  # type: ignore[arg-type]


def prepare(addresses: tuple[str, ...]) -> None:
    """In the whole process. `addresses`: offered in place of the machine's own (which leave loopback out)."""
    vars(aiortc.rtcicetransport)["Connection"] = _Bounded
    if addresses:
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [
            each for each in addresses if (use_ipv6 if ":" in each else use_ipv4)
        ]


async def gather(transports: Iterable[RTCIceTransport], within_s: float) -> None:
    """All candidates of all of them, as far as they are known within the time."""
    _servers_s.set(min(SERVERS_S, max(LEAST_S, within_s)))
    await asyncio.gather(*[each.iceGatherer.gather() for each in transports])


def servers(settings: PlaneSettings, now: float) -> list[RTCIceServer]:
    """None are asked that were not named: without a list aiortc would ask one of its own choice."""
    found = [RTCIceServer(settings.stun)] if settings.stun else []
    if settings.turn:
        # the relay is kept alive with the same credentials as long as the stream lives
        user, password = credentials(settings.turn_secret, now, settings.stream_cap_s + 60)
        found.append(RTCIceServer(settings.turn, user, password))
    return found


def credentials(secret: str, now: float, life_s: int) -> tuple[str, str]:
    """User name and password, good until then, made from what the TURN server knows too."""
    user = f"{int(now) + life_s}:{_USER}"
    tag = hmac.digest(secret.encode(), user.encode(), hashlib.sha1)
    return user, base64.b64encode(tag).decode()
