"""Examines this machine: its disk, its clock, and what WebRTC needs of the network, STUN and TURN servers by UDP."""

import asyncio
import re
import shutil
import socket
import struct
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path

from showcam.app.doctor.finding import ok, unsure, wrong
from showcam.app.doctor.reach import Unreached, Visitor
from showcam.app.shipped import page
from showcam.console.health.machine import Finding
from showcam.drivers.driver import AGAIN_S
from showcam.i18n.catalogue import Worded, both, worded

# servers of the assistants, whose clocks are the ones that count
SOURCES = ("https://www.google.com/generate_204", "https://api.amazonalexa.com/")
WRONG_S = 30.0  # the forwarder's signature is taken within a minute, and tokens are counted in seconds
_MEND = worded("Switch on automatic time in this machine's system settings.")
LEAST = 200 << 20  # bytes: the database, its log and a backup fit


def disk(folder: Path, least: int = LEAST) -> Finding:
    what = worded("disk")
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return wrong(
            what,
            worded("the data folder can't be read ({error})", error=type(error).__name__),
            worded("See the setting data."),
        )
    if free < least:
        mend = worded("Make room: a full disk takes no sign-in and no link, and keeps no change.")
        return wrong(what, worded("{free} MB are free on showcam's disk", free=free >> 20), mend, "disk_full")
    return ok(what, worded("{free} MB are free on showcam's disk", free=free >> 20))


def clock(visitor: Visitor, sources: Sequence[str] = SOURCES, now: Callable[[], float] = time.time) -> Finding:
    what = worded("clock")
    for source in sources:
        began = now()
        try:
            answer = visitor.request("GET", source)
            served = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
        except (Unreached, ValueError):
            continue
        # the header has whole seconds, and was written while the request was on its way
        off = min(0.0, now() - served) + max(0.0, began - (served + 1))
        if abs(off) <= WRONG_S:
            return ok(what, worded("it is right"))
        behind, span = off < 0, _span(abs(off))
        text = worded("it is {span} behind", span=span) if behind else worded("it is {span} ahead", span=span)
        return wrong(what, text, _MEND, "clock_off")
    return unsure(
        what,
        worded("no server of the assistants tells the time"),
        worded("See that this machine reaches the internet."),
    )


def _span(seconds: float) -> Worded:
    if seconds >= 90:
        return worded("{count} minutes", count=round(seconds / 60))
    return worded("{count} seconds", count=round(seconds))


# asked if none of the configured servers answers, to distinguish dead servers from a network without UDP
OTHERS = ("stun.l.google.com:19302", "stun.cloudflare.com:3478", "stun.nextcloud.com:3478")
WITHIN_S = 3.0  # for a server's answer, the question asked again meanwhile
_RELAY = re.compile(r"(turns?):([\w.-]+):(\d{1,5})(?:\?transport=(udp|tcp))?").fullmatch
_WITHOUT = worded("Without one Alexa's displays get no picture by WebRTC: see {page}.", page=page("reachable.md"))


def stun(servers: Sequence[str], others: Sequence[str] = OTHERS, within_s: float = WITHIN_S) -> Finding:
    what = worded("STUN")
    if not servers:
        return unsure(what, worded("no server is named"), _WITHOUT)
    answers = {server: seen_from(server, within_s) for server in servers}
    dead = [server for server, address in answers.items() if address is None]
    if len(dead) < len(servers):
        if dead:
            return unsure(
                what,
                worded("{servers} does not answer", servers=", ".join(dead)),
                worded("Take it out of the setting stun."),
                "stun_dead",
            )
        return ok(what, worded("your outer address is {address}", address=next(filter(None, answers.values()))))
    if any(seen_from(server, within_s) for server in others):
        text = worded("{servers} does not answer, and other servers do", servers=", ".join(dead))
        return wrong(what, text, both(worded("Name another in the setting stun."), _WITHOUT), "stun_dead")
    text = worded("neither {servers} nor any other STUN server answers", servers=", ".join(dead))
    mend = worded(
        "UDP to the internet is blocked: let the firewall pass UDP from this machine, or "
        "set turn to a server that takes TCP or TLS."
    )
    return wrong(what, text, mend, "udp_blocked")


def seen_from(server: str, within_s: float) -> str | None:
    """This machine's IPv4 address as a STUN server, host:port, sees it; None if the server does not answer in time."""
    # only here: loading it takes longer than most checks do
    from aioice import stun as messages

    host, _, port = server.rpartition(":")
    request = messages.Message(message_method=messages.Method.BINDING, message_class=messages.Class.REQUEST)
    try:
        at = socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_DGRAM)[0][4]
        until, again = time.monotonic() + within_s, 0.0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            while (left := until - time.monotonic()) > 0:
                if time.monotonic() >= again:
                    asking.sendto(bytes(request), at)
                    again = time.monotonic() + AGAIN_S  # RFC 8489, section 6.2.1: a datagram may be lost
                asking.settimeout(max(0.001, min(again - time.monotonic(), left)))
                try:
                    data, sender = asking.recvfrom(2048)
                    answer = messages.parse_message(data)
                except (TimeoutError, ValueError, struct.error):
                    continue
                is_ours = sender == at and answer.transaction_id == request.transaction_id
                if is_ours and answer.message_class == messages.Class.RESPONSE:
                    seen, _ = answer.attributes.get("XOR-MAPPED-ADDRESS", ("", 0))
                    if seen and ":" not in seen:
                        return str(seen)
    except (OSError, UnicodeError, ValueError):  # UnicodeError if the text can't be a host name
        pass
    return None


def webrtc_ports(ports: range) -> Finding | None:
    """Examines whether a viewer by WebRTC finds a free port; None if the system chooses the ports."""
    if not ports[0]:
        return None
    what, named = worded("ports for WebRTC"), f"{ports[0]}-{ports[-1]}"
    free = sum(map(_is_free, ports))
    if not free:
        mend = worded("Set webrtc_ports to a range that nothing else uses, with a port for each viewer.")
        return wrong(what, worded("all UDP ports {ports} are in use", ports=named), mend, "ports_taken")
    return ok(
        what,
        worded(
            "{free} of the UDP ports {ports} are free; the firewall must let them in, and a container publish them",
            free=free,
            ports=named,
        ),
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.bind(("", port))
        except OSError:
            return False
    return True


def turn(relay: str, secret: str, within_s: float = WITHIN_S) -> Finding | None:
    """Examines the TURN server; None if no server is named."""
    what = worded("TURN")
    named = _RELAY(relay)
    if named is None:
        return None
    # only here: they bring aiortc, which no other check needs
    from aioice import stun as messages

    try:
        relayed = asyncio.run(_allocated(named, secret, within_s))
    except messages.TransactionFailed as error:
        code = error.response.attributes.get("ERROR-CODE", (0, ""))[0]
        if code in (401, 438):
            mend = worded(
                "Set turn_secret to what the TURN server has as static-auth-secret, and see that its clock is right."
            )
            return wrong(what, worded("{relay} does not take the secret", relay=relay), mend, "turn_secret_wrong")
        return wrong(
            what,
            worded("{relay} refuses to relay ({code})", relay=relay, code=code),
            worded("See the TURN server's log."),
        )
    except (OSError, TimeoutError, messages.TransactionError) as error:
        mend = worded("See that it runs and that its port is open, by UDP or TCP as the setting turn has it.")
        return wrong(what, worded("{relay} does not answer ({error})", relay=relay, error=type(error).__name__), mend)
    return ok(what, worded("{relay} relays by {relayed}", relay=relay, relayed=relayed))


async def _allocated(named: re.Match[str], secret: str, within_s: float) -> str:
    """The address that the server relays by; the allocation ends at once."""
    from aioice import turn as relays

    from showcam.engine.outputs.ice import credentials

    user, password = credentials(secret, time.time(), 600)
    async with asyncio.timeout(within_s):
        transport, _ = await relays.create_turn_endpoint(
            asyncio.DatagramProtocol,
            server_addr=(named[2], int(named[3])),
            username=user,
            password=password,
            ssl=named[1] == "turns",
            transport=named[4] or ("tcp" if named[1] == "turns" else "udp"),
        )
        host, _ = transport.get_extra_info("sockname")
        transport.close()
    return str(host)
