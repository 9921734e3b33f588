"""Displays away from home: what STUN and TURN add to an answer, and that neither can hold it up."""

import asyncio
import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.deploy_local.emulator import free_ports
from showcam.engine.messages import MediaUnavailable
from showcam.engine.outputs import ice
from showcam.engine.source import Denied
from tests.doubles.echo_offer import offer
from tests.doubles.hls_camera import Household, Vendor
from tests.doubles.relay import Relay
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.waiting import until
from tests.media.conftest import World

ROOT = Path(__file__).parents[2]
SECRET = "shared with the relay"


def kinds(answer: str) -> set[str]:
    return {line.split(" typ ")[1].split()[0] for line in answer.splitlines() if line.startswith("a=candidate")}


def ports(answer: str) -> set[int]:
    return {int(line.split()[5]) for line in answer.splitlines() if line.startswith("a=candidate")}


def asked(world: World, sdp: str = offer()) -> str:
    url = f"/s/{world.grant(protocol='webrtc')}/whep"
    posted = world.request(url, "POST", sdp.encode(), Content_Type="application/sdp")
    assert posted.status == 201, posted.text
    return posted.text


def test_nobody_is_asked_who_was_not_named(world: World) -> None:
    assert kinds(asked(world)) == {"host"}


def test_an_answer_holds_what_stun_and_turn_gave(start: Callable[..., World]) -> None:
    with Relay(SECRET) as relay:
        world = start(stun=(f"127.0.0.1:{relay.port}",), turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        answer = asked(world)
    assert kinds(answer) == {"host", "srflx", "relay"}
    assert "192.0.2.33" in answer, "the address seen from outside"
    [user] = set(relay.users)
    assert 86_390 < int(user.partition(":")[0]) - time.time() <= 86_400


def test_sockets_are_opened_in_the_range_and_a_full_one_is_told_in_words(start: Callable[..., World]) -> None:
    first = free_ports(2)
    world = start(webrtc_ports=range(first, first + 2))
    answers = [asked(world, offer()) for _ in range(2)]
    assert [ports(answer) for answer in answers] == [{first}, {first + 1}]
    url = f"/s/{world.grant(protocol='webrtc')}/whep"
    refused = world.request(url, "POST", offer().encode(), Content_Type="application/sdp")
    assert refused.status == 429
    assert json.loads(refused.body)["detail"] == "Each port of webrtc_ports is in use."


def test_an_address_outside_a_container_is_offered_with_the_ports_that_it_publishes(
    start: Callable[..., World],
) -> None:
    first = free_ports(2)
    outside = "192.0.2.80"  # no address of this machine's
    answer = asked(start(webrtc_ports=range(first, first + 2), ice_addresses=(outside,)))
    (line,) = {line for line in answer.splitlines() if line.startswith("a=candidate")}  # the same for sound and video
    assert line.split()[4:8] == [outside, str(first), "typ", "host"]


def test_one_datagram_that_is_lost_on_the_way_to_stun_costs_nothing(start: Callable[..., World]) -> None:
    with Relay(SECRET, lossy=True) as relay:
        world = start(stun=(f"127.0.0.1:{relay.port}",))
        assert kinds(asked(world)) == {"host", "srflx"}


def test_sockets_that_open_slowly_have_what_is_left_of_the_callers_time(
    start: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = asyncio.BaseEventLoop.create_datagram_endpoint

    async def later(loop: asyncio.BaseEventLoop, *given: Any, **named: Any) -> Any:
        await asyncio.sleep(1.5)  # as long as it took on machines at a load of 20
        return await opened(loop, *given, **named)

    world = start()
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_datagram_endpoint", later)
    assert kinds(asked(world)) == {"host"}


def test_a_viewer_that_is_given_up_while_sockets_are_opened_leaves_none_open(
    start: Callable[..., World], monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., None]
) -> None:
    opened, made = asyncio.BaseEventLoop.create_datagram_endpoint, list[asyncio.DatagramTransport]()

    async def only_one(loop: asyncio.BaseEventLoop, *given: Any, **named: Any) -> Any:
        if made:
            await asyncio.Event().wait()
        transport, protocol = await opened(loop, *given, **named)
        made.append(transport)
        return transport, protocol

    world = start(ice_addresses=("127.0.0.1", "127.0.0.2"))
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_datagram_endpoint", only_one)
    with pytest.raises(MediaUnavailable):
        world.plane.client().answer(world.claims(protocol="webrtc"), None, offer(), within_s=0.0)
    eventually(lambda: [transport.is_closing() for transport in made] == [True])


def test_a_relay_that_does_not_know_the_secret_is_left_out(start: Callable[..., World]) -> None:
    with Relay("another secret") as relay:
        world = start(turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        assert kinds(asked(world)) == {"host"}
    assert relay.users == []


def test_servers_that_say_nothing_do_not_hold_up_the_answer(start: Callable[..., World]) -> None:
    with Relay(SECRET, deaf=True) as relay:
        world = start(stun=(f"127.0.0.1:{relay.port}",), turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        assert kinds(asked(world)) == {"host"}
        assert relay.datagrams > 0


@pytest.mark.parametrize(
    ("within_s", "answers", "expected", "at_most_s"),
    [
        (None, False, {"host"}, 2.9),  # the camera and the servers are waited for at the same time
        (0.5, False, {"host"}, 2.0),
        (0.0, False, {"host"}, 1.5),
        (0.0, True, {"host", "srflx", "relay"}, 1.5),  # without them a display away from home would see nothing
    ],
)
def test_an_answer_comes_when_it_is_wanted_though_the_camera_takes_long(
    within_s: float | None,
    answers: bool,
    expected: set[str],
    at_most_s: float,
    start: Callable[..., World],
    vendor: Vendor,
) -> None:
    vendor.cameras["garden"].takes_s = 3.0
    with Relay(SECRET, deaf=not answers) as relay:
        world = start(stun=(f"127.0.0.1:{relay.port}",), turn=f"turn:127.0.0.1:{relay.port}", turn_secret=SECRET)
        for _ in range(4 if answers else 1):  # a busy machine may hold up what the servers say in a tenth of a second
            claims = world.claims(protocol="webrtc")
            with Stopwatch() as watch:
                answer = world.plane.client().answer(claims, vendor.open("garden"), offer(), within_s=within_s)
            if kinds(answer.sdp) == expected:
                break
    assert kinds(answer.sdp) == expected
    assert watch.took_s < at_most_s


def test_what_a_camera_says_while_servers_are_asked_is_heard_however_little_time_there_is(
    start: Callable[..., World], household: Household
) -> None:
    household.denied["garden"] = Denied("offline")
    with Relay(SECRET, deaf=True) as relay:
        world = start(stun=(f"127.0.0.1:{relay.port}",))
        with pytest.raises(MediaUnavailable):
            world.plane.client().answer(world.claims(protocol="webrtc"), None, offer(), within_s=0.0)
    assert world.stats()["sessions"] == 0


PUBLIC = offer().replace("192.0.2.7", "9.9.9.2")
MIXED = PUBLIC.replace("9.9.9.2 9 ", "192.168.1.5 9 ")
HIDDEN = PUBLIC.replace("9.9.9.2 9 ", "0123-45.local 9 ")


@pytest.mark.parametrize(
    ("sdp", "stun", "expected"),
    [
        (PUBLIC, True, {"srflx"}),
        (PUBLIC, False, {"host"}),  # nothing else is known
        (MIXED, True, {"host", "srflx"}),  # it may be in the house
        (HIDDEN, True, {"host", "srflx"}),
        (PUBLIC.replace("a=candidate", "a=nothing"), True, {"host", "srflx"}),
    ],
    ids=["public", "public, nothing else", "private too", "hidden", "none"],
)
def test_private_addresses_are_left_out_for_a_display_that_names_public_ones_alone(
    start: Callable[..., World], sdp: str, stun: bool, expected: set[str]
) -> None:
    with Relay(SECRET) as relay:
        world = start(stun=(f"127.0.0.1:{relay.port}",) if stun else ())
        answer = asked(world, sdp)
    assert kinds(answer) == expected
    assert ("127.0.0.1" in answer) == ("host" in expected)


def test_the_first_stun_server_that_answers_is_enough(start: Callable[..., World]) -> None:
    with Relay(SECRET) as relay, Relay(SECRET, deaf=True) as deaf:
        world = start(stun=(f"127.0.0.1:{deaf.port}", f"localhost:{relay.port}"))
        eventually = time.monotonic() + 60  # names are looked up beside, and nothing waits for them
        while kinds(asked(world)) != {"host", "srflx"}:
            assert time.monotonic() < eventually
        until(lambda: bool(asked(world)) and deaf.datagrams > 0)  # an offer may be answered before it is asked


GONE = [
    "del aiortc.RTCCertificate._create_ssl_context",
    "aiortc.RTCCertificate._create_ssl_context = lambda self: None",
    "del aiortc.RTCPeerConnection._RTCPeerConnection__connect",
    "aioice.ice.StunProtocol.__init__ = lambda self: None",
    "aioice.ice.Connection.get_component_candidates = lambda self, component: None",
    "aioice.ice.get_host_addresses = lambda: None",
    "del aiortc.rtcicetransport.Connection",
    "del aiortc.RTCRtpSender._handle_rtcp_packet",
    "del aiortc.RTCRtpSender._next_encoded_frame",
    "aiortc.RTCRtpSender._retransmit = lambda self: None",
    "aiortc.RTCRtpSender.__init__ = lambda self: None",
    "del aiortc.rtcrtpsender.RTP_HISTORY_SIZE",
    "del aiortc.rtcpeerconnection.RTCRtpSender",
]
# the libraries are loaded once, and each start has a copy of that process
STARTS = """
import json, os, sys
import aiohttp.web, msgspec, structlog
import aiortc, aioice.ice, aiortc.rtcicetransport, aiortc.rtcpeerconnection, aiortc.rtcrtpsender

ends = []
for gone in json.load(sys.stdin):
    told, tells = os.pipe()
    if not os.fork():
        end = "started"
        try:
            exec(gone)
            import showcam.engine.server
        except Exception as error:
            end = type(error).__name__
        os.write(tells, end.encode())
        os._exit(0)
    os.close(tells)
    ends.append(os.fdopen(told).read())
    os.wait()
print(json.dumps(ends))
"""


def test_a_library_whose_private_names_are_others_ends_the_start() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTS],
        cwd=ROOT, input=json.dumps(["", *GONE]), capture_output=True, text=True, check=True,
    )  # fmt: skip
    ends = dict(zip(["", *GONE], json.loads(done.stdout), strict=True))
    assert ends == {"": "started"} | dict.fromkeys(GONE, "LibraryChanged")


def test_credentials_are_made_as_the_relay_makes_them() -> None:
    user, password = ice.credentials("north", 1_000_000.7, 600)
    assert user.startswith("1000600:")
    assert base64.b64decode(password) == hmac.new(b"north", user.encode(), hashlib.sha1).digest()
