"""Asks the router for its outer address by NAT-PMP (RFC 6886, section 3.2). Nothing is changed there."""

import socket
import struct
import time

PORT = 5351
_ASKED, _TOLD, _DONE = b"\0\0", (0, 128), 0
_FIRST_S = 0.25  # section 3.1: asked again after twice as long each time


def outer_address(router: str, within_s: float, port: int = PORT) -> str | None:
    """The outer address as the router reports it; None where it does not answer in time, or does not know it."""
    until, pause = time.monotonic() + within_s, _FIRST_S
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect((router, port))  # answers from elsewhere are not received
            while (left := until - time.monotonic()) > 0:
                asking.send(_ASKED)
                again, pause = time.monotonic() + min(pause, left), pause * 2
                while (wait_s := again - time.monotonic()) > 0:
                    asking.settimeout(wait_s)
                    try:
                        answer = asking.recv(64)
                    except TimeoutError:
                        break
                    if len(answer) >= 4 and (answer[0], answer[1]) == _TOLD:
                        return _address(answer)
    except OSError:  # nothing listens there
        pass
    return None


def _address(answer: bytes) -> str | None:
    if len(answer) != 12 or struct.unpack("!H", answer[2:4])[0] != _DONE:
        return None
    return socket.inet_ntoa(answer[8:])
