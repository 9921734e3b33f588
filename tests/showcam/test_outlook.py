"""How the house is reached, found out from a router and servers that are right, silent, slow, nonsense or lying."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from showcam.doctor import nat_pmp, surroundings
from showcam.doctor.igd import Igd
from showcam.doctor.outlook import Address, Asked, Outlook, look
from showcam.doctor.stun import leads_back
from showcam.doctor.surroundings import Surroundings
from tests.doubles import home_router
from tests.doubles.far_away import NETWORK, OUTSIDE, without_networks
from tests.doubles.home_router import Temper
from tests.doubles.needs import NETWORKS

ROOT = Path(__file__).parents[2]
OWN, OTHER, SHARED, INNER = "9.9.9.1", "8.8.4.4", "100.72.3.4", "192.168.0.17"
AT_HOME = Surroundings("127.0.0.1", "192.168.7.2")
SOON_S = 0.6
NONE = "0.0.0.0"  # noqa: S104  which a router says that is not connected


def back(_server: str, _within_s: float) -> bool:
    """Nothing is sent to the addresses that these tests invent."""
    return False


# what the router says, how the internet sees the house, this machine's address; what follows, whether ports help
JUDGED: list[tuple[set[str], str, str, Address, bool]] = [
    ({OWN}, OWN, "192.168.7.2", "own", True),
    (set(), OWN, OWN, "direct", True),
    ({SHARED}, OWN, "192.168.7.2", "shared", False),
    ({SHARED}, "", "192.168.7.2", "shared", False),
    (set(), OWN, SHARED, "shared", False),
    ({INNER}, OWN, "192.168.7.2", "behind", False),
    ({OTHER}, OWN, "192.168.7.2", "other", False),
    ({OWN, OTHER}, OWN, "192.168.7.2", "unknown", False),
    ({OWN}, "", "192.168.7.2", "unknown", False),
    (set(), OWN, "192.168.7.2", "unknown", False),
    (set(), "", "", "unknown", False),
]


@pytest.mark.parametrize(("routers", "seen", "local", "address", "forwards"), JUDGED)
def test_what_follows_from_what_was_found(
    routers: set[str], seen: str, local: str, address: Address, forwards: bool
) -> None:
    outlook = Outlook(Surroundings("192.168.7.1", local), frozenset(routers), seen)
    assert (outlook.address, outlook.forwards) == (address, forwards)
    assert len(set(outlook.sentences())) == 5
    assert all(sentence.endswith(".") for sentence in outlook.sentences())


def test_each_point_is_a_sentence_and_so_is_what_could_not_be_found_out() -> None:
    nothing = Outlook(Surroundings()).sentences()
    assert nothing[0] == "This machine has no router that could be asked."
    assert nothing[1] == "No STUN server said by which IPv4 address the internet sees this house."
    assert nothing[2] == "Whether the house has a public IPv4 address of its own could not be found out."
    assert nothing[3] == "This machine has no public IPv6 address."
    assert "could not be found out" in nothing[4]
    ipv6 = Outlook(Surroundings(ipv6=("2a00:1450::5",)), leads_back=True).sentences()
    assert "2a00:1450::5" in ipv6[3]
    assert ipv6[4].startswith("The router leads back in")


@pytest.mark.parametrize(
    ("temper", "outer", "expected"),
    [
        ("right", OWN, OWN),
        ("right", SHARED, SHARED),
        ("slow", OWN, OWN),
        ("silent", OWN, None),
        ("no", OWN, None),
    ],
)
def test_a_router_is_asked_by_nat_pmp(temper: Temper, outer: str, expected: str | None) -> None:
    with home_router.nat_pmp(outer, temper) as port:
        assert nat_pmp.outer_address("127.0.0.1", SOON_S, port) == expected


def test_where_nothing_listens_nat_pmp_has_no_answer() -> None:
    with home_router.nat_pmp(OWN) as port:
        pass
    assert nat_pmp.outer_address("127.0.0.1", SOON_S, port) is None


@pytest.mark.parametrize(
    ("temper", "expected"), [("right", OWN), ("silent", None), ("slow", None), ("nonsense", None), ("no", None)]
)
def test_a_router_is_asked_by_upnp(temper: Temper, expected: str | None) -> None:
    with home_router.igd(OWN, temper) as (port, asked):
        assert Igd("127.0.0.1", port=port, group="", loopback=True).outer_address(SOON_S) == expected
        assert [
            request for request in asked if "GET /root.xml" not in request and "#GetExternalIPAddress" not in request
        ] == []


@pytest.mark.parametrize(
    ("location", "control", "expected"),
    [
        ("http://{host}:{port}/root.xml", "http://127.0.0.1:{port}/ctl", OWN),
        ("http://{host}:{port}/root.xml", "ctl", OWN),
        # whoever answers may name another place, and that is not asked
        ("http://{host}:{port}/root.xml", "http://127.0.0.2:{port}/ctl", None),
        ("http://127.0.0.2:{port}/root.xml", "/ctl", None),
        ("https://{host}:{port}/root.xml", "/ctl", None),
        ("http://{host}.example:{port}/root.xml", "/ctl", None),
        ("file:///etc/passwd", "/ctl", None),
    ],
)
def test_the_router_alone_is_asked_further(location: str, control: str, expected: str | None) -> None:
    with home_router.igd(OWN, location=location, control=control) as (port, asked):
        assert Igd("127.0.0.1", port=port, group="", loopback=True).outer_address(SOON_S) == expected
    assert (len(asked) == 2) is (expected is not None)


def test_what_another_device_answers_is_not_read() -> None:
    with home_router.igd(OWN) as (port, asked):
        assert Igd("127.0.0.2", port=port, group="127.0.0.1", loopback=True).outer_address(SOON_S) is None
    assert asked == []


# what NAT-PMP, UPnP and three STUN servers do and say; what follows
type Said = tuple[Temper, str]
LOOKS: list[tuple[Said, Said, list[Said], Address]] = [
    (("right", OWN), ("right", OWN), [("right", OWN)] * 3, "own"),
    (("silent", OWN), ("right", OWN), [("silent", OWN), ("right", OWN), ("nonsense", OWN)], "own"),
    (("right", SHARED), ("silent", OWN), [("right", OWN)], "shared"),
    (("right", INNER), ("right", INNER), [("right", OWN)], "behind"),
    # lies
    (("right", OWN), ("right", OTHER), [("right", OWN)], "unknown"),
    (("right", OTHER), ("right", OTHER), [("right", OWN)] * 2, "other"),
    (("right", OWN), ("silent", OWN), [("right", OTHER), ("right", OWN), ("right", OWN)], "own"),
    (("right", OWN), ("silent", OWN), [("right", OTHER), ("right", OWN)], "unknown"),
    (("right", OWN), ("silent", OWN), [("right", INNER), ("right", NONE)], "unknown"),
    # nonsense: a router that is not connected, or has an address that no router has
    (("right", NONE), ("right", "not an address"), [("right", OWN)], "unknown"),
    (("right", "127.0.0.1"), ("right", "239.1.2.3"), [("right", OWN)], "unknown"),
    (("nonsense", OWN), ("nonsense", OWN), [("nonsense", OWN)], "unknown"),
    (("silent", OWN), ("silent", OWN), [("silent", OWN)], "unknown"),
]


@pytest.mark.parametrize(("pmp", "upnp", "servers", "address"), LOOKS)
def test_a_look_at_the_router_and_the_world(pmp: Said, upnp: Said, servers: list[Said], address: Address) -> None:
    with contextlib.ExitStack() as stack:
        pmp_port = stack.enter_context(home_router.nat_pmp(pmp[1], pmp[0]))
        search, _ = stack.enter_context(home_router.igd(upnp[1], upnp[0]))
        named = [stack.enter_context(home_router.stun_server(seen, temper)) for temper, seen in servers]
        asked = Asked(named, pmp_port, partial(Igd, port=search, group="", loopback=True), back, SOON_S, SOON_S)
        assert look(AT_HOME, asked).address == address


def test_whoever_hangs_is_left_behind() -> None:
    """A router that drips its answer and a server whose name nobody resolves end nothing but their own answer."""

    over = threading.Event()

    class Hanging(Igd):
        def outer_address(self, within_s: float) -> str | None:
            over.wait()
            return None

    with home_router.nat_pmp(OWN) as port, home_router.stun_server(OWN) as server:
        outlook = look(AT_HOME, Asked(["no..name:3478", server], port, Hanging, back, SOON_S, SOON_S))
    over.set()
    assert (outlook.address, outlook.seen) == ("own", OWN)


def test_what_is_sent_to_the_outer_address_comes_back() -> None:
    with home_router.stun_server("127.0.0.1") as server:
        assert leads_back(server, SOON_S) is True


def test_what_is_sent_to_the_outer_address_gets_lost() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        with home_router.stun_server("127.0.0.1", port=elsewhere.getsockname()[1]) as server:
            assert leads_back(server, SOON_S) is False
        assert len(elsewhere.recv(2048)) == 16


@pytest.mark.parametrize("temper", ["silent", "nonsense"])
def test_without_an_answer_nothing_is_sent_back(temper: Temper) -> None:
    with home_router.stun_server("127.0.0.1", temper) as server:
        assert leads_back(server, SOON_S) is False


ROUTE = "Iface Destination Gateway Flags\n"
UP = "eth0\t{target}\t{router}\t{flags}\t0\t0\t0\t{mask}\t0\t0\t0\n"


@pytest.mark.parametrize(
    ("rows", "router"),
    [
        ([("0007A8C0", "00000000", "0001"), ("00000000", "0107A8C0", "0003")], "192.168.7.1"),
        ([("0007A8C0", "00000000", "0001")], ""),
        ([("00000000", "00000000", "0001")], ""),  # by a tunnel, without a router
        ([("00000000", "0107A8C0", "0002")], ""),  # down
        ([("x", "y", "z")], ""),
    ],
)
def test_the_router_is_read_from_the_routes(rows: list[tuple[str, str, str]], router: str) -> None:
    text = ROUTE + "".join(UP.format(target=a, router=b, flags=c, mask="0") for a, b, c in rows)
    assert surroundings.gateway(text) == router


ADDRESSES = {
    "2a001450000100000000000000000005 02 40 00 80     eth0": ("2a00:1450:1::5",),
    "2a001450000100000000000000000005 02 40 00 01     eth0": (),  # temporary
    "2a001450000100000000000000000005 02 40 00 20     eth0": (),  # deprecated
    "fd001450000100000000000000000005 02 40 00 80     eth0": (),  # of the house
    "fe8000000000000000000000000000ab 02 40 20 80     eth0": (),
    "00000000000000000000000000000001 01 80 10 80       lo": (),
    "": (),
}


@pytest.mark.parametrize("line", ADDRESSES)
def test_a_public_ipv6_address_that_stays_is_found(line: str) -> None:
    assert surroundings.lasting(f"{line}\n") == ADDRESSES[line]


@pytest.mark.parametrize(
    ("device", "flags", "leaves"), [("eth0", "00450003", True), ("lo", "00200200", False), ("eth0", "00000200", False)]
)
def test_ipv6_without_a_way_out_is_none(device: str, flags: str, leaves: bool, tmp_path: Path) -> None:
    zero = "0" * 32
    (tmp_path / "ipv6_route").write_text(f"{zero} 00 {zero} 00 {zero} 00000400 00000001 00000000 {flags} {device}\n")
    (tmp_path / "if_inet6").write_text("2a001450000100000000000000000005 02 40 00 80 eth0\n")
    assert surroundings.surroundings(tmp_path, ("127.0.0.1", 53)).ipv6 == (("2a00:1450:1::5",) if leaves else ())


@pytest.fixture
def networks() -> None:
    if why := without_networks():
        NETWORKS.skip(why)


# what the router of a real network says, whether ports help, and two sentences
HOUSES: list[tuple[str, Temper, bool, str, str]] = [
    (
        OUTSIDE,
        "right",
        True,
        f"The router says that its outer address is {OUTSIDE}.",
        "has a public IPv4 address of its",
    ),
    (SHARED, "right", False, f"The router says that its outer address is {SHARED}.", "(CGNAT)"),
    (OUTSIDE, "silent", False, "it answers neither NAT-PMP nor UPnP.", "could not be found out"),
]


@pytest.mark.parametrize(("outer", "temper", "forwards", "router", "address"), HOUSES)
@pytest.mark.usefixtures("networks")
def test_a_look_from_a_house_behind_a_router(
    outer: str, temper: Temper, forwards: bool, router: str, address: str
) -> None:
    command = [*NETWORK, sys.executable, "-m", "tests.doubles.house_look", outer, temper]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(done.stdout)
    said = found["sentences"]
    assert (found["forwards"], router in said[0], address in said[2]) == (forwards, True, True)
    assert said[1] == f"The internet sees this house at {OUTSIDE}."
    assert "2a00:1450:1::5" in said[3]
