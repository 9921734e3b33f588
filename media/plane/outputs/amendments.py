"""What is changed in aiortc and aioice. All of it goes by names of theirs that are private, and stands here alone.

A name that is gone or takes other arguments ends the start: unseen it would be a black screen on some display.
"""

import asyncio
import inspect
from typing import Any

import aioice.ice
import aiortc.rtcdtlstransport
import aiortc.rtcicetransport
from aiortc import RTCCertificate, RTCConfiguration, RTCPeerConnection

from media.plane.outputs import ice

# aiortc offers the first four alone, with which a display that has an RSA certificate can't agree (its issue 1434).
CIPHERS = tuple(
    f"ECDHE-{key}-{rest}"
    for key in ("ECDSA", "RSA")
    for rest in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
)


class LibraryChanged(Exception):
    """A library is not the one this was written for; the text says where."""


def _its_own(owner: Any, name: str, *parameters: str) -> Any:
    """The function as the library has it. Raises LibraryChanged."""
    found = getattr(owner, name, None)
    if not callable(found) or tuple(inspect.signature(found).parameters) != parameters:
        raise LibraryChanged(f"{owner.__name__}.{name} is not there any more with ({', '.join(parameters)})")
    return found


_ssl_context = _its_own(RTCCertificate, "_create_ssl_context", "self", "srtp_profiles")
_connect = _its_own(RTCPeerConnection, "_RTCPeerConnection__connect", "self")
_its_own(aiortc.rtcicetransport, "Connection", *inspect.signature(aioice.ice.Connection).parameters)
_its_own(aioice.ice.Connection, "get_component_candidates", "self", "component", "addresses", "timeout")
_its_own(aioice.ice.Connection, "data_received", "self", "data", "component")
_its_own(aioice.ice.Connection, "request_received", "self", "message", "addr", "protocol")
_its_own(aioice.ice.Connection, "query_consent", "self")
_its_own(aioice.ice.Connection, "build_request", "self", "pair", "nominate")
_its_own(aioice.ice, "server_reflexive_candidate", "protocol", "stun_server")
_its_own(aioice.ice, "get_host_addresses", "use_ipv4", "use_ipv6")


def apply(addresses: tuple[str, ...]) -> None:
    """In the whole process. `addresses`: offered in place of the machine's own (which leave loopback out).

    Raises LibraryChanged.
    """
    vars(aiortc.rtcicetransport)["Connection"] = ice.Connection
    vars(aioice.ice)["server_reflexive_candidate"] = ice.reflexive
    RTCCertificate._create_ssl_context = _with_rsa  # type: ignore[method-assign, assignment]
    if addresses:
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [
            each for each in addresses if (use_ipv6 if ":" in each else use_ipv4)
        ]
    transport = vars(aiortc.rtcdtlstransport)
    context = RTCCertificate.generateCertificate()._create_ssl_context(transport["SRTP_PROFILES"])
    if missing := set(CIPHERS).difference(transport["SSL"].Connection(context).get_cipher_list()):
        raise LibraryChanged(f"the library for TLS has no {', '.join(sorted(missing))}")


def _with_rsa(certificate: RTCCertificate, srtp_profiles: Any) -> Any:
    context = _ssl_context(certificate, srtp_profiles)
    context.set_cipher_list(":".join(CIPHERS).encode())
    return context


class PeerConnection(RTCPeerConnection):
    """aiortc connects in tasks that nobody asks how they went, and that go on while it is closed.

    What breaks in one ends the connection here, and a close ends them first.
    """

    def __init__(self, configuration: RTCConfiguration) -> None:
        super().__init__(configuration)
        self._connecting: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        others = self._connecting - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await super().close()

    async def _RTCPeerConnection__connect(self) -> None:  # noqa: N802
        task = asyncio.current_task()
        assert task is not None
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        try:
            await _connect(self)
        except Exception:
            await self.close()
