"""Messages to a browser: a service of Node's holds them to the standards, and its browser opens them."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from msgspec.structs import replace

from showcam.net.web_push import (
    LONGEST,
    MOST,
    BadSubscription,
    Ended,
    Sender,
    Services,
    armoured,
    encrypted,
    new_key,
    public_of,
    subscription,
)
from showcam.simulator import authority
from tests.doubles.push_service import PushService
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A browser opens what is sent to it by Web Push, and its service can check who sent it",
    leans_on="second stack: Node's WebCrypto and jose; double: the push service",
)


@dataclass
class World:
    service: PushService
    ca_file: Path
    key: bytes

    def sender(self) -> Sender:
        return Sender(self.key, "https://cam.example", Services(loopback=True), self.ca_file)

    def answer(self, status: int) -> None:
        """The service's answer from now on."""
        context = ssl.create_default_context(cafile=self.ca_file)
        urlopen(f"https://127.0.0.1:{self.service.port}/answer/{status}", context=context).close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    authority.server_context(tmp_path)
    service = PushService(tmp_path / "server.pem", tmp_path / "server.key")
    yield World(service, tmp_path / "ca.pem", new_key())
    service.close()


@pytest.mark.parametrize(
    "message", [b"{}", "Døren: Noen ringte på".encode(), b"x" * MOST], ids=["short", "words", "most"]
)
def test_the_browser_opens_it_and_the_service_knows_who_sent_it(world: World, message: bytes) -> None:
    assert world.sender().send(world.service.subscription(), message, 45, LONG_S)
    assert world.service.next() == {
        "key": armoured(public_of(world.key)),
        "message": message.decode(),
        "ttl": 45,
        "sub": "https://cam.example",
    }


def test_a_longer_one_is_not_sent(world: World) -> None:
    with pytest.raises(ValueError, match="3993"):
        world.sender().send(world.service.subscription(), b"x" * (MOST + 1), 45, LONG_S)


@pytest.mark.parametrize("status", [404, 410])
def test_an_ended_subscription_is_said(world: World, status: int) -> None:
    world.answer(status)
    with pytest.raises(Ended):
        world.sender().send(world.service.subscription(), b"{}", 45, LONG_S)


@pytest.mark.parametrize("status", [400, 413, 429, 500, 503])
def test_what_the_service_refuses_is_not_taken(world: World, status: int) -> None:
    world.answer(status)
    assert not world.sender().send(world.service.subscription(), b"{}", 45, LONG_S)


def test_nor_is_it_while_nobody_answers_or_the_certificate_is_another_ones(world: World, tmp_path: Path) -> None:
    to = world.service.subscription()
    strange = Sender(world.key, "", Services(loopback=True))
    assert not strange.send(to, b"{}", 45, LONG_S)
    nobody = replace(to, address="https://127.0.0.1:9/push")
    assert not world.sender().send(nobody, b"{}", 45, LONG_S)


def test_two_of_the_same_words_have_nothing_in_common(world: World) -> None:
    to = world.service.subscription()
    one, other = encrypted(b"{}", to), encrypted(b"{}", to)
    assert one[:16] != other[:16]
    assert one[21:] != other[21:]
    assert "secret" not in repr(to)
    assert world.service.secret not in repr(to)


KEY = "BMHD-RBxKV3I7gLuNut53J-hNBdGJWGP2QAYJGGXXMMU3Du_L4RXCeuU2N29RYv3iBlNbwQyi71S7Dn3FXBvVHw"
SECRET = armoured(bytes(16))
MOZILLA = "https://updates.push.services.mozilla.com/wpush/v2/abc"


@pytest.mark.parametrize(
    "address",
    [
        MOZILLA,
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://web.push.apple.com/abc",
        "https://db5p.notify.windows.com/w/?token=abc",
    ],
)
def test_services_of_browsers_are_known(address: str) -> None:
    assert subscription(address, KEY, SECRET, Services()).address == address


@pytest.mark.parametrize(
    ("address", "key", "secret"),
    [
        ("http://updates.push.services.mozilla.com/x", KEY, SECRET),
        ("https://127.0.0.1:8443/x", KEY, SECRET),
        ("https://192.168.1.1/x", KEY, SECRET),
        ("https://fcm.googleapis.com.example/x", KEY, SECRET),
        ("https://evil@fcm.googleapis.com/x", KEY, SECRET),
        ("https://fcm.googleapis.com:8443/x", KEY, SECRET),
        ("https://[::1/x", KEY, SECRET),
        (f"{MOZILLA}{'x' * LONGEST}", KEY, SECRET),
        (f"{MOZILLA}\n", KEY, SECRET),
        ("", KEY, SECRET),
        (MOZILLA, "", SECRET),
        (MOZILLA, armoured(b"\x04" + bytes(64)), SECRET),
        (MOZILLA, "ø" * 87, SECRET),
        (MOZILLA, KEY[:-4], SECRET),
        (MOZILLA, KEY, ""),
        (MOZILLA, KEY, armoured(bytes(17))),
        (MOZILLA, KEY, "!!!"),
    ],
)
def test_anything_else_is_no_subscription(address: str, key: str, secret: str) -> None:
    with pytest.raises(BadSubscription):
        subscription(address, key, secret, Services())
