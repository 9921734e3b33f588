"""Silent and slow clients, by hundreds of real connections, harm nobody else on the running program."""

import http.client
import json
import resource
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from showcam.app import keys as key_files
from showcam.app.edge.machines import HEADER, sign
from showcam.app.process.settings_sources import load
from tests.doubles.attackers import crowd, head
from tests.doubles.program import Program, running
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A silent or slow client delays no other", leans_on="system: hundreds of real connections"
)

SOFT = 1024  # descriptors that a process has at first on most systems
WITHIN_S = 4.0  # less than a silent connection is borne with, so that one who waits for those to end is late
DIRECTIVE = {
    "directive": {
        "header": {"namespace": "Alexa.Discovery", "name": "Discover", "payloadVersion": "3", "messageId": "m"},
        "payload": {"scope": {"type": "BearerToken", "token": "sca.nobody.nothing"}},
    }
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with running(tmp_path_factory.mktemp("attacked"), forked=False, demo=False, descriptors=(SOFT, hard)) as program:
        yield program


def request(
    port: int, method: str, path: str, body: bytes = b"", address: str = "127.0.0.1", **headers: str
) -> tuple[int, bytes]:
    """By a connection of its own. Raises TimeoutError when the answer is late."""
    connection = http.client.HTTPConnection("127.0.0.1", port, LONG_S, source_address=(address, 0))
    with Stopwatch() as watch, closing(connection):
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        answer = response.status, response.read()
    if watch.took_s > WITHIN_S:
        raise TimeoutError(f"{method} {path}")
    return answer


def directive(program: Program) -> tuple[int, bytes]:
    """As the forwarder sends it."""
    key_id, key = key_files.of(load(environ=program.environ)).forwarder[0]
    path, body = "/alexa/smart-home", json.dumps(DIRECTIVE).encode()
    signature = sign(key_id, key, "POST", path, body, now=int(time.time()), nonce=secrets.token_hex(16))
    return request(program.port, "POST", path, body, **{HEADER: signature, "Content-Type": "application/json"})


def is_well(program: Program) -> None:
    """Both are answered in time."""
    assert request(program.port, "GET", "/healthz")[0] == 200
    status, answer = directive(program)
    assert (status, json.loads(answer)["event"]["payload"]["type"]) == (200, "INVALID_AUTHORIZATION_CREDENTIAL")


def is_well_for(seconds: float, program: Program) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        is_well(program)
        time.sleep(0.1)


def part(program: Program, word: bytes) -> list[int]:
    """The processes of the program that were started with this word."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words, environ = (path / "cmdline").read_bytes().split(b"\0"), (path / "environ").read_bytes()
        except OSError:
            continue
        if word in words and f"SHOWCAM_DATA={program.data}".encode() in environ.split(b"\0"):
            found.append(int(path.name))
    return found


def descriptors(pids: list[int]) -> int:
    return sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in pids)


@pytest.mark.parametrize(
    "first", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"], ids=["silent", "silent after one answer"]
)
def test_silent_connections_are_ended_and_hold_up_nobody(program: Program, first: bytes) -> None:
    web = part(program, b"serve")
    before = descriptors(web)
    with crowd(program.port, ["127.0.0.1"] * 600, first) as silent:
        assert silent.joined == 600
        until(lambda: len(silent.answers) == (600 if first else 0))
        is_well_for(4, program)
        until(lambda: not silent.open)
        until(lambda: descriptors(web) < before + 10)


def test_a_head_that_drips_is_ended(program: Program) -> None:
    with crowd(program.port, ["127.0.0.1"] * 300, b"GET / HTTP/1.1\r\nHost: a\r\nX-", drips=b"a") as slow:
        is_well_for(4, program)
        until(lambda: not slow.open)


FORGED = "v1;key;1;0123456789abcdef;0"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


# each by another client: what it asks for, with which headers, what it sends each second, and what it hears in the end
SLOW: dict[str, tuple[str, dict[str, Any], bytes, set[bytes]]] = {
    "silent": ("/oauth/token", FORM, b"", {b"408", b"503"}),
    "drips": ("/oauth/token", FORM, b"x", {b"408", b"503"}),
    "forwarder's signature": ("/alexa/smart-home", {"X_Showcam_Signature": FORGED}, b"x", {b"408", b"503"}),
    # with an error code of Google's
    "Google's bearer": ("/google/fulfillment", {"Authorization": "Bearer forged"}, b"x", {b"200"}),
    "Amazon's signature": ("/alexa/skill", {"Signature_256": "Zm9yZ2Vk"}, b"x", {b"408", b"503"}),
}


def test_slow_bodies_are_cut_off_and_hold_up_nobody(program: Program) -> None:
    """All kinds at once: each client has its own share of the places, so that none is in another's way."""
    web = part(program, b"serve")
    before = descriptors(web)
    is_well(program)  # from here on the forwarder is known by a signature that held
    with ExitStack() as crowds:
        slow = {
            name: crowds.enter_context(
                crowd(program.port, [f"127.0.0.{10 + number}"] * 100, head(path, **headers), drips=drips)
            )
            for number, (name, (path, headers, drips, _)) in enumerate(SLOW.items())
        }
        time.sleep(0.3)
        assert all(each.open for each in slow.values())
        for _ in range(30):
            is_well(program)
            # a stranger who is not slow is served too
            status, _ = request(program.port, "POST", "/oauth/token", b"grant_type=none", "127.0.0.3", **FORM)
            assert status == 400
            time.sleep(0.1)
        until(lambda: not any(each.open for each in slow.values()))
        is_well(program)
    heard = {name: {answer.split()[1] for answer in each.answers} for name, each in slow.items()}
    assert heard == {name: expected for name, (*_, expected) in SLOW.items()}
    until(lambda: descriptors(web) < before + 10)


def test_forged_signatures_from_the_forwarders_own_address_keep_out_nobody(program: Program) -> None:
    key_id = key_files.of(load(environ=program.environ)).forwarder[0][0]
    known = f"v1;{key_id};{int(time.time())};{'n' * 32};{'0' * 64}"
    forged = [head("/alexa/smart-home", X_Showcam_Signature=signature) for signature in (FORGED, known)]
    is_well(program)
    with crowd(program.port, ["127.0.0.1"] * 100, forged[0]), crowd(program.port, ["127.0.0.1"] * 100, forged[1]):
        is_well_for(7, program)


def test_many_attackers_take_no_place_of_who_proved_himself(program: Program) -> None:
    is_well(program)
    many = [f"127.0.1.{number}" for number in range(1, 61)] * 4
    forged = head("/alexa/smart-home", X_Showcam_Signature=FORGED)
    with crowd(program.port, many, forged, drips=b"x"), crowd(program.port, many, head("/oauth/token"), drips=b"x"):
        is_well_for(7, program)
    is_well(program)


def test_silent_connections_fill_neither_the_media_process_nor_its_log(program: Program) -> None:
    media = part(program, b"media")
    before, logged = descriptors(media), program.log.stat().st_size
    with crowd(program.media_port, ["127.0.0.1"] * 1100) as silent:
        assert silent.joined > SOFT
        due = time.monotonic() + 4
        while time.monotonic() < due:
            assert request(program.media_port, "GET", "/healthz")[0] == 200
            assert request(program.media_port, "GET", "/s/nothing/master.m3u8", address="127.0.0.3")[0] == 403
            is_well(program)
            time.sleep(0.1)
        until(lambda: not silent.open)
        until(lambda: descriptors(media) < before + 10)
    assert program.log.stat().st_size - logged < 50_000


def test_one_address_has_a_share_of_the_media_process(program: Program) -> None:
    def share() -> int:
        with crowd(program.media_port, ["127.0.0.2"] * 300) as silent:
            until(lambda: len(silent.open) <= 128)
            taken = len(silent.open)
            assert request(program.media_port, "GET", "/healthz", address="127.0.0.3")[0] == 200
            until(lambda: not silent.open)
        return taken

    # on a machine that stands still for some seconds, those that were taken are ended before they are counted
    assert any(share() == 128 for _ in range(3))
    assert request(program.media_port, "GET", "/healthz", address="127.0.0.2")[0] == 200


def test_where_the_system_gives_few_descriptors_all_is_well_after_an_attack(tmp_path: Path) -> None:
    with running(tmp_path, forked=False, demo=False, descriptors=(256, 256)) as program:
        logged = program.log.stat().st_size
        ports = program.port, program.media_port
        with crowd(ports[0], ["127.0.0.1"] * 500), crowd(ports[1], ["127.0.0.1"] * 500):
            time.sleep(7)
        is_well_for(1, program)
        assert program.log.stat().st_size - logged < 50_000
