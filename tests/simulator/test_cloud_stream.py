"""The app's cloud stream: a public client, unmodified, is shown a camera; and the rules that the double keeps."""

import contextlib
import itertools
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from pyezvizapi.client import EzvizClient
from pyezvizapi.cloud_stream import get_vtdu_token_v2, open_cloud_stream
from pyezvizapi.stream import StreamTransport, VtmStreamClient, detect_transport

from showcam.engine.ezviz.address import Address, live
from showcam.engine.ezviz.node import NodeSession, SaidNo
from showcam.net.addresses import OnLoopback
from showcam.simulator.cloud import node, wire
from showcam.simulator.cloud.dispatcher import COLLIDE_S, LIFE_S, Tokens
from showcam.simulator.state import Account, World
from tests.doubles.cloud import Cloud
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hour_cloud import SERIAL, HourCloud
from tests.doubles.troubled.trouble import Trouble
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A public client of EZVIZ takes the simulated cloud stream",
    leans_on="second stack: pyezvizapi, libav; double: EZVIZ's cloud",
)

DEMO, OTHER = "demo@example.com", "other@example.com"
FAST = {"clump_s": 0.1, "node_s": 0.05}


@pytest.fixture
def client(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EzvizClient]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    cloud.process.configure(**FAST)
    until(lambda: not any(row["cloud_streams"] for row in cloud.process.cameras().values()))  # of a test before

    def made(user: str = DEMO) -> EzvizClient:
        client = EzvizClient(user, "showcam-demo", cloud.process.app_host, timeout=30)
        client.login()
        return client

    return made


def sessions(cloud: Cloud, name: str = "Garden") -> int:
    return int(cloud.process.cameras()[name]["cloud_streams"])


@pytest.mark.parametrize(("user", "name"), [(DEMO, "Garden"), (OTHER, "Garden"), (OTHER, "Study")])
def test_a_public_client_is_sent_a_program_stream(
    cloud: Cloud, client: Callable[..., EzvizClient], user: str, name: str
) -> None:
    """The owner, and whom the camera is shared with."""
    with open_cloud_stream(client(user), cloud.process.serial(name)) as stream:
        info = stream.start()
        assert info.result is None, "zero is left out"
        assert len(info.streamssn or "") == 51
        payload = b"".join(stream.iter_payloads(max_packets=60))
        assert sessions(cloud, name) == 1
    assert detect_transport(payload[payload.index(b"\0\0\1\xba") :]) is StreamTransport.MPEG_PS
    assert payload.count(b"\0\0\1\xe0") > 5
    assert payload.count(b"\0\0\1\xc0") > 5
    assert not payload.startswith(b"\0\0\1\xba"), "nobody waits for a packet's beginning"
    until(lambda: sessions(cloud, name) == 0)


def test_tokens_are_good_once_and_for_their_own_account(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    own, other = client(), client(OTHER)
    assert asked(cloud, own, token(own))[1] == 5302
    used = token(own)
    assert [asked(cloud, own, used)[1] for _ in range(2)] == [5302, 5406]
    assert asked(cloud, own, "ut.invented")[1] == 5406
    assert asked(cloud, own, token(other))[1] == 5302, "Garden is shared with them"
    assert asked(cloud, own, token(other), name="Attic")[1] == 5411
    assert asked(cloud, own, token(own), serial="F00000000")[1] == 6106


def test_of_tokens_that_are_fetched_at_once_the_last_is_good(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    own = client()
    tokens = fetched_at_once(own)
    assert [asked(cloud, own, given)[1] for given in tokens] == [5406, 5302]
    _, _, url, key = asked(cloud, own, token(own))
    token(own)
    assert at_node(url, key) == 5406, "the session was being opened"


def test_tokens_are_good_for_five_minutes() -> None:
    now = 1e9
    tokens = Tokens(World({DEMO: Account(DEMO, "")}, {}, now=lambda: now))
    young, old = tokens.made(DEMO)[:2]
    now += LIFE_S - 1
    assert tokens.spent(young) == DEMO
    now += 2
    assert tokens.spent(old) is None


def test_a_node_where_many_sessions_open_at_once_loses_one_and_says_so_late() -> None:
    async def scene(loop: FastLoop) -> tuple[list[int], float]:
        cloud, results = HourCloud(loop, node_s=0.05, streams=20, stream_crowd="joins"), list[int]()
        await cloud.cloud.open("127.0.0.1")
        place = f"127.0.0.1:{cloud.world.ports.at('vtm')}"
        for token in cloud.cloud.tokens.made(DEMO)[: node.OPENS + 1]:
            session, began = NodeSession(OnLoopback(every=True)), loop.time()
            try:
                await session.open(Address.read(live(place, SERIAL, 1, 2, token, "", 0)), (place,))
                results.append(0)
            except SaidNo as no:
                results.append(no.result)
            session.close()
        took = loop.time() - began
        await cloud.close()
        return results, took

    results, took = run(scene)
    assert results == [0] * node.OPENS + [5405]
    assert took >= 10


def test_tokens_want_a_session_and_its_sign(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    session = str(client().export_token()["session_id"])
    for query, status in (({"ssid": session, "sign": "0" * 32}, 403), ({"ssid": "x", "sign": "y"}, 401), ({}, 401)):
        answer = requests.get(
            f"https://{cloud.process.app_host}/vtdutoken2", query, verify=str(cloud.process.ca), timeout=30
        )
        assert answer.status_code == status


def test_the_node_takes_its_address_and_key_alone(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    own = client()
    for change, result in (
        (lambda url, key: (url, ""), 6110),
        (lambda url, key: (url, key + "0"), 6001),
        (lambda url, key: (url.replace("busiProxy=0", "busiProxy=1"), key), 6001),
        (lambda url, key: (url.replace("&biz=1", "") + "&biz=1", key), 6001),  # the same in another order
        (lambda url, key: (url + "&timestamp=5&timestamp=6", key), 6001),
        (lambda url, key: (url.replace("stream=1", "stream=2") + "&timestamp=5", key), None),
    ):
        _, _, url, key = asked(cloud, own, token(own))
        assert at_node(*change(url, key)) == result
    _, _, url, key = asked(cloud, own, token(own))
    assert [at_node(url, key), at_node(url, key)] == [None, 5406]


@pytest.mark.parametrize(
    ("name", "change", "result"),
    [
        ("Garden", {"online": False}, 5404),
        ("Garden", {"asleep": True}, 5409),
        ("Garden", {"sub_size": None}, 5451),
        ("Garden", {"ciphers_link": True}, 5457),
        ("Garden", {}, None),
    ],
)
def test_a_camera_that_shows_nothing_says_why(
    cloud: Cloud, client: Callable[..., EzvizClient], name: str, change: dict[str, Any], result: int | None
) -> None:
    own = client()
    cloud.process.control(cloud.process.serial(name), **change)
    _, _, url, key = asked(cloud, own, token(own), name=name)
    assert at_node(url.replace("stream=1", "stream=2"), key) == result


def test_there_are_so_many_sessions_and_no_more(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    own = client()
    cloud.process.configure(streams=1)
    with open_cloud_stream(own, cloud.process.serial("Garden")) as first:
        assert first.start().result is None
        with open_cloud_stream(own, cloud.process.serial("Nursery")) as second:
            assert second.start().result == 5504


@pytest.mark.parametrize(
    ("crowd", "second_is", "first_ends"), [("", None, True), ("joins", None, False), ("5416", 5416, False)]
)
def test_a_cameras_newest_session_ends_the_older_one_unless_the_node_is_another(
    cloud: Cloud, client: Callable[..., EzvizClient], crowd: str, second_is: int | None, first_ends: bool
) -> None:
    """Two clients of real cameras report the first (see simulator/state.py); `crowd` is the switch for other nodes."""
    assert Trouble().stream_crowd == ""
    cloud.process.configure(stream_crowd=crowd)
    own, serial = client(), cloud.process.serial("Garden")
    with open_cloud_stream(own, serial) as first:
        assert first.start().result is None
        next(iter(first.iter_payloads(max_packets=5)))
        with open_cloud_stream(own, serial) as second:
            assert second.start().result == second_is
            ended = lasted(first, first.send_keepalive, LONG_S if first_ends else 5)
            assert (ended is not None) is first_ends
            if second_is is None:
                assert b"".join(second.iter_payloads(max_packets=20))


@pytest.mark.parametrize(
    ("body", "code", "unkept_s", "least", "most"),
    [
        (lambda ssn: ssn.encode(), wire.KEEP_ALIVE, LONG_S, 0.1, LONG_S),
        (lambda ssn: b"\x0a\x33" + ssn.encode(), 0x135, 5, 4, LONG_S),
        (lambda ssn: b"\x0a\x33" + ssn.encode(), wire.KEEP_ALIVE, 7, None, 9),
    ],
    ids=["unwrapped", "another code", "right"],
)
def test_a_session_lasts_while_it_is_kept_alive_in_the_right_form(
    cloud: Cloud,
    client: Callable[..., EzvizClient],
    body: Callable[[str], bytes],
    code: int,
    unkept_s: float,
    least: float | None,
    most: float,
) -> None:
    cloud.process.configure(unkept_s=unkept_s)
    with open_cloud_stream(client(), cloud.process.serial("Garden")) as stream:
        began = time.monotonic()
        ssn = stream.start().streamssn or ""
        ended = lasted(stream, lambda: stream.send_packet(body(ssn), message_code=code), most, began=began)
    assert (ended is None) if least is None else (ended is not None and least < ended < most)


def test_a_silent_client_is_hung_up_on(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    """The node's own question goes without an answer too."""
    cloud.process.configure(unkept_s=5.0)
    with open_cloud_stream(client(), cloud.process.serial("Garden")) as stream:
        began = time.monotonic()
        stream.start()
        ended = lasted(stream, lambda: None, LONG_S, answers=False, began=began)
    assert ended is not None
    assert ended > 4


@pytest.mark.parametrize("keeps", [False, True])
def test_rtp_stands_still_after_a_few_packets_until_a_session_is_kept_alive(
    cloud: Cloud, client: Callable[..., EzvizClient], keeps: bool
) -> None:
    cloud.process.configure(unkept_s=LONG_S if keeps else 8.0)
    cloud.process.control(cloud.process.serial("Garden"), transport="rtp")
    came = 0
    with open_cloud_stream(client(), cloud.process.serial("Garden")) as stream:
        stream.start()
        if keeps:
            stream.send_keepalive()
        with contextlib.suppress(Exception):  # the node hangs up
            while came <= node.UNKEPT:
                came += stream.read_packet().channel == 1
    assert (came > node.UNKEPT) if keeps else (came == node.UNKEPT)


def test_a_session_can_be_cut(cloud: Cloud, client: Callable[..., EzvizClient]) -> None:
    cloud.process.configure(session_cut_s=1.0, cut_with="7005")
    with open_cloud_stream(client(), cloud.process.serial("Garden")) as stream:
        stream.start()
        codes: list[tuple[int, bytes]] = []
        with contextlib.suppress(Exception):
            for _ in range(100_000):
                packet = stream.read_packet()
                if packet.channel == 0:
                    codes.append((packet.message_code, packet.body))
    assert codes[-1] == (wire.NOTICE, wire.message({1: 7005}))


def lasted(
    stream: VtmStreamClient,
    keep: Callable[[], object],
    at_most_s: float,
    *,
    answers: bool = True,
    began: float | None = None,
) -> float | None:
    """How long until the node hung up; None: it did not. A keep-alive is said at once, and twice a second."""
    began, said = time.monotonic() if began is None else began, 0.0
    while time.monotonic() - began < at_most_s:
        if time.monotonic() - said > 0.5:
            with contextlib.suppress(OSError):
                keep()
            said = time.monotonic()
        try:
            packet = stream.read_packet()
        except Exception:
            return time.monotonic() - began
        if answers and packet.channel == 0 and packet.message_code == wire.KEEP_ALIVE:
            stream.send_packet(packet.body, message_code=wire.KEPT_ALIVE)
    return None


def fetched_at_once(client: EzvizClient) -> tuple[str, str]:
    """Two tokens that no busy machine kept apart."""
    while True:
        began = time.monotonic()
        tokens = token(client), token(client)
        if time.monotonic() - began < COLLIDE_S:
            return tokens


def token(client: EzvizClient) -> str:
    return get_vtdu_token_v2(client)["tokens"][0]


def asked(
    cloud: Cloud, client: EzvizClient, token: str, *, name: str = "Garden", serial: str = ""
) -> tuple[int, int, str, str]:
    """The dispatcher: code, result, address and key."""
    found = client._api_get_pagelist(page_filter="VTM", limit=50)
    port = next(iter(found["VTM"].values()))["port"]
    serial = serial or cloud.process.serial(name)
    code, answer = said(port, f"ysproto://127.0.0.1:{port}/live?dev={serial}&chn=1&stream=2&ssn={token}&biz=1", "")
    result = answer.get(1, 0)
    assert isinstance(result, int)
    return code, result, wire.text_of(answer, 7), wire.text_of(answer, 5)


def at_node(url: str, key: str) -> int | None:
    """The node's result; None for a session that was opened."""
    port = int(url.partition("/live")[0].rpartition(":")[2])
    _, answer = said(port, url, key)
    return int(answer.get(1, 0)) or None


def said(port: int, url: str, key: str) -> tuple[int, wire.Fields]:
    with socket.create_connection(("127.0.0.1", port), 15) as connection:
        body = wire.message({1: url, 2: key, 3: "v3.6.3.20221124", 6: "v3.6.3.20221124"})
        connection.sendall(struct.pack(">BBHHH", 0x24, 0, len(body), 0, wire.ASK) + body)
        head = exactly(connection, 8)
        _, _, length, _, code = struct.unpack(">BBHHH", head)
        return code, wire.fields_of(exactly(connection, length))


def exactly(connection: socket.socket, size: int) -> bytes:
    return bytes(itertools.chain.from_iterable(received(connection, size)))


def received(connection: socket.socket, size: int) -> Iterator[bytes]:
    while size:
        part = connection.recv(size)
        assert part
        size -= len(part)
        yield part
