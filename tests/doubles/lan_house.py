"""A house with devices that answer WS-Discovery, in an empty network of this process's own.

`python -m tests.doubles.lan_house CASE [SECONDS]`, started in `NETWORK`, looks for cameras and prints what it found as
JSON. The search listens for `SECONDS`, else for as long as a busy machine needs.
"""

import json
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import zeroconf
from msgspec.structs import asdict as fields

from showcam.drivers.lan.devices import Device, Pictured
from showcam.drivers.lan.search import Candidate, of_house, search
from showcam.net.addresses import house_networks
from showcam.net.child import Broke, Limits
from tests.doubles import ipycam_device
from tests.doubles.own_network import NETWORK

LISTENS_S = 4.0  # a busy machine answers by then
MOST_OF_ONE = 8  # answers of a device that means well; the rest floods
OURS, PUBLIC = "192.168.7.2", "9.9.9.9"
_ID = re.compile(rb"MessageID>([^<]*)<")


@dataclass(frozen=True)
class Answer:
    """What the device at `host` says to a probe; {id} is the probe's."""

    host: str
    text: str
    times: int = 1


def match(
    host: str,
    *,
    name: str = "Cam",
    at: str = "",
    relates: str = "{id}",
    types: str = "dn:NetworkVideoTransmitter",
) -> Answer:
    address = at or f"http://{host}:8000/onvif/device_service"
    return Answer(
        host,
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
        f"<s:Header><a:RelatesTo>{relates}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>"
        f"<a:EndpointReference><a:Address>urn:uuid:{host}</a:Address></a:EndpointReference><d:Types>{types}</d:Types>"
        f"<d:Scopes>onvif://www.onvif.org/name/{name} onvif://www.onvif.org/hardware/B-20</d:Scopes>"
        f"<d:XAddrs>{address}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>",
    )


# much to read: as many elements as an answer holds
FLOOD = "<a><b>{id}</b>" + "<b/>" * 2000 + "<!--{count}--></a>"
LIMITS = {"flood": Limits(cpu_s=2), "no memory": Limits(memory=8 * 1024 * 1024)}


def hosts(count: int) -> list[str]:
    return [f"192.168.7.{10 + number}" for number in range(count)]


CASES: dict[str, Callable[[], list[Answer]]] = {
    "thirty": lambda: [match(host) for host in hosts(30)],
    "hundred": lambda: [match(host) for host in hosts(100)],
    "nobody": list,
    "no memory": lambda: [match("192.168.7.10")],
    "flood": lambda: [
        *[Answer(host, FLOOD, times=40) for host in hosts(100)[1:]],
        match("192.168.7.10"),
    ],
    "foreign": list,
    "discover": lambda: [match("192.168.7.10")],
    "announced": lambda: [match("192.168.7.10")],
    "look": lambda: [match("192.168.7.10")],
    "hostile": lambda: [
        match("192.168.7.10", name="Good%20one"),
        match("192.168.7.11", at="http://203.0.113.9:81/x http://192.168.7.99/y"),
        match("192.168.7.12", relates="urn:uuid:another"),
        Answer("192.168.7.13", match("192.168.7.13", types="pub:Printer").text.replace("onvif://", "ldap://")),
        match(PUBLIC),
        Answer("192.168.7.14", "<!DOCTYPE a [<!ENTITY b 'c'>]>" + match("192.168.7.14").text),
        Answer("192.168.7.15", "no xml"),
        Answer("192.168.7.16", match("192.168.7.16").text + " " * 20_000),
        match("192.168.7.17", name="%1b[31m" + "x" * 500),
        Answer("192.168.7.18", match("192.168.7.18").text, times=50),
        match("192.168.7.20", at="https://192.168.7.20:8443/onvif/device_service"),
        match("192.168.7.19", at="https://192.168.7.19/onvif javascript:1 http://[::1/"),
    ],
}


def needed() -> None:
    """Skips the test if no empty network can be made."""
    from tests.doubles.needs import NETWORKS  # pytest's, which the process in the network has no use for

    if not shutil.which("ip") or subprocess.run([*NETWORK, "true"], capture_output=True, check=False).returncode:
        NETWORKS.skip()


def main(case: str, listens_s: float = LISTENS_S) -> None:
    answers = CASES[case]()
    addresses = {OURS, PUBLIC, *(answer.host for answer in answers), "192.168.7.10", "192.168.7.200"}
    lines = ["link add house0 type veth peer name other0"]
    lines += [f"addr add {address}/24 dev house0" for address in [OURS, *(addresses - {OURS})]]
    lines += ["link set other0 up", "link set house0 up", "link set lo up", "route add 224.0.0.0/4 dev house0"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    heard_by = listening(answers)
    announcing = _announce() if case == "announced" else None
    if case == "foreign":
        ipycam_device.part("discovery").WSDiscoveryServer(ipycam_device.service(OURS, onvif_port=8000)).start()
    with socket.create_server(("192.168.7.200", 554)), socket.create_server(("192.168.7.10", 80)):
        networks = [network for network in house_networks() if str(network.ip) == OURS]
        heard: list[tuple[int, int]] = []
        known = [Device("S", 1, "Barn", "192.168.7.10", 554, Pictured("/"))]
        began = time.monotonic()
        found: list[Candidate] = []
        broke = False
        try:
            found = (
                of_house()
                if case == "discover"
                else search(
                    networks,
                    known,
                    look=case == "look",
                    heard=lambda done, of: heard.append((done, of)),
                    limits=LIMITS.get(case, Limits()),
                    listens_s=listens_s,
                )
            )
        except Broke:
            broke = True
        spent_s = time.monotonic() - began
    heard_by.close()
    if announcing:
        announcing.close()
    outcome = {"found": [fields(candidate) for candidate in found], "spent_s": spent_s, "broke": broke}
    sys.stdout.write(json.dumps(outcome | {"heard": heard[-1:]}))


def _announce() -> zeroconf.Zeroconf:
    """Three services by mDNS: a camera that answers WS-Discovery too, one that does not, and one that is not here."""
    network = zeroconf.Zeroconf(interfaces=["192.168.7.200"], ip_version=zeroconf.IPVersion.V4Only)
    kind = "_rtsp._tcp.local."
    for name, host in (("Cam", "192.168.7.10"), ("Porch cam", "192.168.7.77"), ("Elsewhere", PUBLIC)):
        info = zeroconf.ServiceInfo(
            kind, f"{name}.{kind}", 554, parsed_addresses=[host], server=f"host{host[-2:]}.local."
        )
        network.register_service(info)
    return network


def listening(answers: list[Answer]) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("", 3702))
    member = struct.pack("4s4s", socket.inet_aton("239.255.255.250"), socket.inet_aton(OURS))
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    sending = {}
    for answer in answers:
        sending[answer.host] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sending[answer.host].bind((answer.host, 0))

    def serve() -> None:
        while True:
            try:
                data, asker = opened.recvfrom(4096)
            except OSError:
                return
            found = _ID.search(data)
            number = found[1].decode() if found else ""
            floods = [answer for answer in answers if answer.times > MOST_OF_ONE]
            others = [answer for answer in answers if answer.times <= MOST_OF_ONE]
            # each device answers for itself, a camera amid a flood: WS-Discovery has it wait half a second at most
            for each, after_s in ((floods, 0.0), (others, 0.25 if floods else 0.0)):
                threading.Thread(target=send, args=(each, after_s, number, asker), daemon=True).start()

    def send(given: list[Answer], after_s: float, number: str, asker: tuple[str, int]) -> None:
        time.sleep(after_s)
        for answer in given:
            text = answer.text.replace("{id}", number)
            for count in range(answer.times):
                sending[answer.host].sendto(text.replace("{count}", str(count)).encode(), asker)

    threading.Thread(target=serve, daemon=True).start()
    return opened


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
