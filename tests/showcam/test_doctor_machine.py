"""The doctor names what is wrong with the machine, its network and the households: each fault is a real one."""

import datetime
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from scripts.deploy_local.emulator import free_ports
from showcam.app.doctor import households, machine
from showcam.app.doctor.reach import Visitor
from showcam.app.settings import Settings
from showcam.console.health.machine import Finding
from showcam.drivers.camera import Video
from showcam.drivers.errors import VendorDown
from showcam.registry.readings.judge import Rules
from showcam.store.records import Known
from tests.doubles.household import Household, household
from tests.doubles.loopback_server import LoopbackServer, SilentHandler
from tests.doubles.ready_driver import camera
from tests.doubles.relay import Relay
from tests.doubles.waiting import LONG_S

SECRET = "shared with the TURN server"
SOON_S = 2.0  # for what does not answer, and for what answers beside it


class TimeServer(LoopbackServer):
    """An https server whose clock is `off_s` seconds from this machine's; None: it tells no time."""

    def __init__(self, context: ssl.SSLContext, off_s: float | None) -> None:
        class Handler(SilentHandler):
            def do_GET(self) -> None:
                self.send_response_only(204)
                if off_s is not None:
                    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=off_s)
                    self.send_header("Date", format_datetime(now, usegmt=True))
                self.end_headers()

        super().__init__(Handler, context)


@pytest.fixture
def time_server(tmp_path: Path) -> Iterator[Callable[[float | None], tuple[str, Visitor]]]:
    authority, servers = trustme.CA(), list[TimeServer]()
    trusted = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(trusted)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def start(off_s: float | None) -> tuple[str, Visitor]:
        servers.append(TimeServer(context, off_s).start())
        return f"{servers[-1].url}/", Visitor(trusted, within_s=LONG_S)

    yield start
    for server in servers:
        server.end()


# how far the world's clock is from ours, the finding's state, a text of it
CLOCKS: list[tuple[float | None, str, str]] = [
    (0, "ok", "it is right"),
    (20, "ok", "it is right"),
    (-20, "ok", "it is right"),
    (180, "wrong", "3 minutes behind"),
    (-180, "wrong", "3 minutes ahead"),
    (60, "wrong", "60 seconds behind"),
    (None, "unsure", "tells the time"),
]


@pytest.mark.parametrize(("off_s", "state", "says"), CLOCKS)
def test_a_clock(
    off_s: float | None, state: str, says: str, time_server: Callable[[float | None], tuple[str, Visitor]]
) -> None:
    url, visitor = time_server(off_s)
    found = machine.clock(visitor, ["https://localhost:9/", url])
    assert (found.state, found.fault) == (state, "clock_off" if state == "wrong" else None)
    assert says in re.sub("5[5-9] seconds|6[0-9] seconds", "60 seconds", found.text)


def test_a_full_disk_and_one_with_room(tmp_path: Path) -> None:
    free = machine.disk(tmp_path, least=1)
    assert (free.state, free.fault) == ("ok", None)
    full = machine.disk(tmp_path, least=1 << 60)  # more than any disk has
    assert (full.state, full.fault, "Make room" in full.mend) == ("wrong", "disk_full", True)
    assert machine.disk(tmp_path / "none").state == "wrong"


@pytest.fixture
def dead() -> Iterator[str]:
    """A server that is there and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{silent.getsockname()[1]}"


def test_stun_servers_that_answer_and_that_do_not(dead: str) -> None:
    with Relay(SECRET) as relay:
        alive = f"127.0.0.1:{relay.port}"
        # servers, others that are asked where none of them answers; state, fault, a text
        cases: list[tuple[list[str], list[str], str, str | None, str]] = [
            ([alive], [], "ok", None, "your outer address is 192.0.2.33"),
            ([dead, alive], [], "unsure", "stun_dead", f"{dead} does not answer"),
            ([dead], [alive], "wrong", "stun_dead", "other servers do"),
            ([dead], [dead], "wrong", "udp_blocked", "nor any other"),
            ([], [], "unsure", None, "no server is named"),
            (["no..name:3478"], [dead], "wrong", "udp_blocked", "nor any other"),
        ]
        for servers, others, state, fault, says in cases:
            found = machine.stun(servers, others, SOON_S if dead in (*servers, *others) else LONG_S)
            assert (found.state, found.fault) == (state, fault), servers
            assert says in found.text
            assert bool(found.mend) is (state != "ok")


def test_ports_for_webrtc_that_are_free_and_that_are_in_use() -> None:
    assert machine.webrtc_ports(Settings().webrtc_range) is None
    first = free_ports(2)
    ports = Settings(webrtc_ports=f"{first}-{first + 1}").webrtc_range
    # how many are held, what is found and said
    for held, state, says in ((0, "ok", "2 of the UDP"), (1, "ok", "1 of the UDP"), (2, "wrong", "are in use")):
        with ExitStack() as stack:
            for port in ports[:held]:
                stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            found = machine.webrtc_ports(ports)
        assert found is not None
        assert (found.state, found.fault) == (state, "ports_taken" if held == 2 else None)
        assert says in found.text
        assert f"{first}-{first + 1}" in found.text


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x01\x01", b"\x01\x01\x00\x00" + b"\x21\x12\xa4\x42" + b"x" * 12, b"\x00" * 64, b"\xff" * 1500],
    ids=range(5),
)
def test_what_is_no_answer_of_a_stun_server(answer: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            _, sender = server.recvfrom(2048)
            server.sendto(answer, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        assert machine.seen_from(f"127.0.0.1:{server.getsockname()[1]}", 0.3) is None
        thread.join()


@pytest.mark.parametrize(
    ("secret", "deaf", "state", "fault", "says"),
    [
        (SECRET, False, "ok", None, "relays by 192.0.2.44"),
        ("another", False, "wrong", "turn_secret_wrong", "does not take the secret"),
        (SECRET, True, "wrong", None, "does not answer"),
    ],
)
def test_a_turn_server(secret: str, deaf: bool, state: str, fault: str | None, says: str) -> None:
    with Relay(SECRET, deaf=deaf) as relay:
        found = machine.turn(f"turn:127.0.0.1:{relay.port}?transport=udp", secret, SOON_S if deaf else LONG_S)
    assert found is not None
    assert (found.state, found.fault, bool(found.mend)) == (state, fault, state != "ok")
    assert says in found.text
    assert secret not in found.text + found.mend


def test_without_a_turn_server_nothing_is_found() -> None:
    assert machine.turn("", "") is None


def examined(home: Household) -> list[Finding]:
    return list(households.examine(home.store, home.owner, home.adapter.faults, home.adapter.standing))


@pytest.fixture
def make_home(tmp_path: Path) -> Iterator[Callable[..., Household]]:
    made = list[Household]()

    def build(rules: Rules = Rules(transcodes=False, owner_s=1.0), **given: Any) -> Household:  # noqa: B008
        made.append(household(tmp_path, rules=rules, **given))
        return made[-1]

    yield build
    for home in made:
        home.store.close()


# a camera as it is read, the finding's state and fault, a text of its mend
CAMERAS: list[tuple[dict[str, Any], str, str | None, str]] = [
    ({}, "ok", None, ""),
    ({"fault": "code_wrong", "ways": ()}, "wrong", "code_wrong", "code"),
    ({"video": Video("h265", 2560, 1440)}, "wrong", "no_room_to_transcode", "H.264"),
    ({"online": "off"}, "unsure", None, "Look at its light"),
    ({"asleep": "on"}, "unsure", None, "Sleep Mode"),
    ({"encryption": "on"}, "unsure", None, "Image Encryption"),
    ({"audio": "off"}, "unsure", None, "Audio"),
    ({"ways": ()}, "wrong", None, "EZVIZ app shows it live"),
]


@pytest.mark.parametrize(("changes", "state", "fault", "mend"), CAMERAS, ids=lambda value: str(value)[:40])
def test_a_camera(
    changes: dict[str, Any], state: str, fault: str | None, mend: str, make_home: Callable[..., Household]
) -> None:
    home = make_home(cameras=[camera("Garden", **changes)])
    assert examined(home) == []  # nobody has signed in, for all that the store knows
    home.noticing.refresh(home.account.id)
    [found] = examined(home)
    assert (found.what, found.state, found.fault) == ("camera Garden", state, fault)
    assert mend in found.mend


def test_where_pictures_are_passed_through_that_there_is_no_still_is_no_fault(
    make_home: Callable[..., Household],
) -> None:
    home = make_home(rules=Rules(pictures="vendor", owner_s=1.0), cameras=[camera("Garden")])
    home.noticing.refresh(home.account.id)
    [found] = examined(home)
    assert (found.state, found.text) == ("ok", "every assistant can show it")


def test_a_session_that_the_vendor_ended(make_home: Callable[..., Household]) -> None:
    home = make_home(cameras=[camera("Garden")])
    home.noticing.refresh(home.account.id)
    session = home.store.read_session(home.account.id, home.source.id)
    assert session is not None
    home.store.swap_session(
        home.account.id, home.source.id, version=session.version, secrets=session.secrets, state="needs_login"
    )
    [found] = examined(home)
    assert (found.state, found.fault, found.mend) == ("wrong", "session_ended", "Sign in again on showcam's page.")
    assert found.command == "showcam login"


def test_a_vendor_that_is_down(make_home: Callable[..., Household]) -> None:
    home = make_home()
    home.driver.error = VendorDown("x")
    home.store.put_known(home.account.id, home.source.id, Known(b"", 1.0))  # listed long ago
    [found] = examined(home)
    assert (found.state, "vendor_down" in found.text) == ("unsure", True)


def test_reports_that_an_assistant_takes_no_more(make_home: Callable[..., Household]) -> None:
    home = make_home(cameras=[camera("Garden")])
    home.noticing.refresh(home.account.id)
    home.adapter.faults.began(home.account.id, "grant", home.link.id)
    home.adapter.faults.began(home.account.id, "outbox", home.link.id)
    faults = {finding.fault: finding.mend for finding in examined(home) if finding.fault}
    assert faults.keys() == {"gateway_grant_dead", "reports_not_sent"}
    assert "press the button there" in faults["gateway_grant_dead"]


def test_addresses_for_notices(make_home: Callable[..., Household]) -> None:
    from showcam.registry.notices.notifier import Addresses

    home = make_home()
    assert "nobody is notified" in households.notices(home.store).text
    addresses = Addresses(home.store)
    addresses.add(home.account.id, "ntfy://127.0.0.1/cameras", "ntfy", "")
    assert households.notices(home.store).text.startswith("addresses that can be sent to: 1")
    addresses.add(home.account.id, "gone://kari:hemmelig@host", "gone", "")
    found = households.notices(home.store)
    assert (found.state, "under Notices" in str(found.mend), "hemmelig" in str(found)) == ("wrong", True, False)
