"""A router and STUN servers as they are met in life: right, silent, slow, talking nonsense, and lying.

Each answers on `address`, by default loopback. `python -m tests.doubles.home_router ADDRESS OUTER TEMPER` is the router
of a network.
"""

import contextlib
import http.server
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, cast

from aioice import stun

type Temper = Literal["right", "silent", "slow", "nonsense", "no"]

NONSENSE = (
    b"",
    b"\0",
    b"\0\x80",
    b"\xff" * 60,
    b"HTTP/1.1 200 OK\r\nLOCATION: http://[bad:::/x\r\n\r\n",
    b"\x01\x01" * 20,
)
DRIP_S = 0.2
_KIND = "urn:schemas-upnp-org:service:WANIPConnection:1"
_DESCRIBED = """<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><serviceList>
<service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/l3</controlURL></service>
</serviceList><deviceList><device><serviceList><service><serviceType>{kind}</serviceType>
<controlURL>{control}</controlURL></service></serviceList></device></deviceList></device></root>"""
_TOLD = """<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<u:GetExternalIPAddressResponse xmlns:u="{kind}"><NewExternalIPAddress>{outer}</NewExternalIPAddress>
</u:GetExternalIPAddressResponse></s:Body></s:Envelope>"""


@contextlib.contextmanager
def answering(answer: Callable[[bytes, tuple[str, int]], list[bytes]], address: str, port: int = 0) -> Iterator[int]:
    """A UDP service that answers so; yields its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as serving:
        serving.bind((address, port))
        over = threading.Event()

        def serve() -> None:
            serving.settimeout(0.05)
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    data, sender = serving.recvfrom(4096)
                    for reply in answer(data, sender):
                        serving.sendto(reply, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield serving.getsockname()[1]
        finally:
            over.set()
            thread.join()


@contextlib.contextmanager
def nat_pmp(outer: str, temper: Temper = "right", address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    def answer(data: bytes, _sender: tuple[str, int]) -> list[bytes]:
        assert data == b"\0\0", "it is asked for its address alone"
        match temper:
            case "silent":
                return []
            case "nonsense":
                return [*NONSENSE]
            case "no":  # section 3.5: not authorized
                return [struct.pack("!BBHI", 0, 128, 2, 1) + bytes(4)]
            case "slow":
                time.sleep(DRIP_S)
        return [struct.pack("!BBHI", 0, 128, 0, 1) + socket.inet_aton(outer)]

    with answering(answer, address, port) as bound:
        yield bound


@contextlib.contextmanager
def stun_server(seen: str, temper: Temper = "right", port: int = 0) -> Iterator[str]:
    """On loopback; it says that everybody comes from `seen`, with this port, or the one that they have."""

    def answer(data: bytes, sender: tuple[str, int]) -> list[bytes]:
        if temper == "silent":
            return []
        if temper == "nonsense":
            return [*NONSENSE]
        request = stun.parse_message(data)
        reply = stun.Message(request.message_method, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        reply.attributes["XOR-MAPPED-ADDRESS"] = (seen, port or sender[1])
        return [bytes(reply)]

    with answering(answer, "127.0.0.1") as bound:
        yield f"127.0.0.1:{bound}"


class _Described(http.server.ThreadingHTTPServer):
    """What the router says of itself by HTTP."""

    daemon_threads = True

    def __init__(self, outer: str, temper: Temper, address: str, control: str) -> None:
        self.asked: list[str] = []
        asked, described = self.asked, self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Silent."""

            def do_GET(self) -> None:
                asked.append(f"GET {self.path}")
                at = control.format(port=described.server_port)
                self.send(_DESCRIBED.format(kind=_KIND, control=at))

            def do_POST(self) -> None:
                asked.append(self.headers["SOAPAction"])
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send(_TOLD.format(kind=_KIND, outer=outer), 500 if temper == "no" else 200)

            def send(self, text: str, status: int = 200) -> None:
                body = b"<!DOCTYPE x [<!ENTITY a 'b'>]><a>" if temper == "nonsense" else text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for at in range(0, len(body), 1 if temper == "slow" else len(body)):
                    with contextlib.suppress(OSError):
                        self.wfile.write(body[at : at + 1] if temper == "slow" else body)
                    if temper == "slow":
                        time.sleep(DRIP_S)

        super().__init__((address, 0), Handler)


@contextlib.contextmanager
def igd(
    outer: str,
    temper: Temper = "right",
    address: str = "127.0.0.1",
    port: int = 0,
    *,
    location: str = "http://{host}:{port}/root.xml",
    control: str = "/ctl/IPConn",
) -> Iterator[tuple[int, list[str]]]:
    """UPnP; yields the port of its search and what it was asked by HTTP. `location`, `control`: what it names."""
    served = _Described(outer, temper, address, control)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,))
    thread.start()

    def answer(data: bytes, _sender: tuple[str, int]) -> list[bytes]:
        assert data.startswith(b"M-SEARCH * HTTP/1.1\r\n")
        if temper == "silent":
            return []
        at = location.format(host=address, port=served.server_port)
        found = f"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLocation: {at}\r\nEXT:\r\n\r\n".encode()
        return [*(NONSENSE if temper == "nonsense" else ()), found]

    try:
        with answering(answer, address, port) as bound:
            yield bound, served.asked
    finally:
        served.shutdown()
        thread.join()
        served.server_close()


def serve(address: str, outer: str, temper: Temper) -> None:
    """At the ports where routers answer."""
    with nat_pmp(outer, temper, address, 5351), igd(outer, temper, address, 1900):
        sys.stdout.write("serving\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], cast("Temper", sys.argv[3]))
