"""RTSP switched on at a camera's own port 8000: by the reference's vectors, with a double, and by bytes that lie."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from registry.camera import Ref
from registry.drivers.ezviz.device import auth_word, messages
from registry.drivers.ezviz.device.auth_word import encrypted
from registry.drivers.ezviz.device.messages import Challenge, Message, NotDevice, Session, asking, named, proven
from registry.drivers.ezviz.device.services_switch import ServicesSwitch
from registry.drivers.ezviz.lan import Lan
from registry.errors import Refused
from tests.doubles.device_port import CODE, WRONG, DevicePort, word
from tests.doubles.ready_driver import camera as ready
from tests.doubles.rtsp_camera import RtspCamera
from tests.registry.test_ezviz_lan import LONG_S

KEY, OWN = bytes(range(16)), IPv4Address("127.0.0.1")


def test_the_ciphers_are_those_of_the_reference() -> None:
    assert encrypted(KEY, bytes(16)).hex() == "1dd147d46ca7e3ac6b75863242040665"
    assert auth_word.auth_word(KEY, 1, 0x11223344, messages.REQUEST) == 0x3397B8BC
    assert word(KEY, 1, 0x11223344, 0x117000) == 0x3397B8BC, "the double's too"


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_with_ten_rounds_the_cipher_is_aes(key: bytes, block: bytes) -> None:
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - it is what the cipher is made of
    assert encrypted(key, block, rounds=10) == aes.update(block)


def test_messages_are_as_the_reference_has_them() -> None:
    client = bytes.fromhex("05013d4b00000001 0100007f 0000000000006f00")
    first = named(OWN, "admin", b"K" * 140).write()
    assert first[:16].hex() == "000000e05a0000000000000000010000"
    assert first[16:] == client + b"admin".ljust(48, b"\0") + b"K" * 140
    second = proven(OWN, "admin", CODE, b"challenge", b"seed").write()
    assert second[:16].hex() == "000000545a0000000000000000010000"
    command = asking(OWN, Session(KEY, 7, 9), 0x01020304, b"GET").write()
    assert command[:16].hex() == "00000037630000000102030400117000"
    assert command[16:].hex() == "0100007f00000007" + "00" * 16 + "0000000f0000000301000000" + b"GET".hex()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\x00\x01{1}\0\0", b"{1}"),
        (b"\xff<a/>\0", b"<a/>"),
        (b"<a>{</a>", b"<a>{</a>"),
        (b"{1}", b"{1}"),
        (b"\x00\x01", b""),
        (b"", b""),
    ],
)
def test_the_text_of_an_answer_is_found_among_other_bytes(body: bytes, text: bytes) -> None:
    assert messages.text_of(body) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    head, body = data[:16].ljust(16, b"\0"), data[16:]
    with contextlib.suppress(NotDevice):
        assert 0 <= messages.rest(head) <= messages.LONGEST
    with contextlib.suppress(NotDevice):
        assert len(Challenge.read(body).seed) == 64
    with contextlib.suppress(NotDevice):
        session = Session.read(Message(1, 2, 3, body), data[:40])
        assert session is None or len(session.key) == 16
    assert messages.text_of(data) in data


@pytest.fixture
def device() -> Iterator[DevicePort]:
    made = DevicePort()
    yield made
    made.close()


def turned_on(device: DevicePort, code: str = CODE, deadline_s: float = 10.0) -> None:
    ServicesSwitch(device.port).turn_rtsp_on("127.0.0.1", code, deadline_s)


def why(device: DevicePort, code: str = CODE, deadline_s: float = 10.0) -> str:
    with pytest.raises(Refused) as refused:
        turned_on(device, code, deadline_s)
    return refused.value.reason


@pytest.mark.parametrize("slowly", [False, True], ids=["at once", "a byte at a time"])
def test_rtsp_alone_is_switched_on(device: DevicePort, slowly: bool) -> None:
    device.slowly = slowly
    turned_on(device)
    assert device.asked == ["GET", "PUT"]
    assert device.services == {"hiksdk": 1, "web": 0, "upnp": 0, "rtsp": 1}


def test_a_wrong_code_is_sent_once(device: DevicePort) -> None:
    assert why(device, "WRONGX") == "code_wrong"
    assert (device.wrong, device.asked) == (1, [])


@pytest.mark.parametrize("name", ["lacks_switch", "refuses"])
def test_a_camera_that_says_no_stays_closed(device: DevicePort, name: str) -> None:
    setattr(device, name, True)
    assert why(device) == "lan_closed"
    assert device.services["rtsp"] == 0


def test_a_sign_in_that_is_shut_is_left_alone(device: DevicePort) -> None:
    device.wrong = WRONG
    assert why(device) == "lan_closed"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0\0\0\x08",
        b"\0\0\0\x10" + bytes(12),
        b"\xff\xff\xff\xff" + bytes(300),
        b"\0\0\0\xd0" + bytes(204),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
    ids=["nothing", "half a head", "no body", "4 GB", "no cipher", "HTTP"],
)
def test_another_program_at_the_port_is_no_switch(device: DevicePort, said: bytes) -> None:
    device.answers = said
    assert why(device) == "lan_closed"


def test_silence_ends_with_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Refused) as refused:
        ServicesSwitch(silent.getsockname()[1]).turn_rtsp_on("127.0.0.1", CODE, 0.3)
    assert refused.value.reason == "lan_closed"


# where a code is given


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    """Its door is closed."""
    made = RtspCamera()
    made.stop()
    yield made
    made.close()


@pytest.mark.parametrize(("wanted", "services"), [(True, 1), (False, 0)], ids=["wanted", "off, as it is at first"])
def test_a_closed_door_is_opened_where_that_is_wanted(camera: RtspCamera, wanted: bool, services: int) -> None:
    device = DevicePort(lambda: threading.Thread(target=camera.start).start())
    lan = Lan(loopback=True, switch_port=device.port if wanted else 0)
    place = f"127.0.0.1:{camera.port}"
    with contextlib.nullcontext() if wanted else pytest.raises(Refused, match="port is closed"):
        lan.open_door(ready("Garden", ref=Ref("s", "F1", 1)), lambda _: place, CODE, LONG_S)
    device.close()
    assert device.services["rtsp"] == services


def test_a_code_that_the_switch_refuses_is_not_tried_by_a_picture(camera: RtspCamera, device: DevicePort) -> None:
    lan, place = Lan(loopback=True, switch_port=device.port), f"127.0.0.1:{camera.port}"
    garden = ready("Garden", ref=Ref("s", "F1", 1), lan=place)
    with pytest.raises(Refused, match="refuses the code"):
        lan.open_door(garden, lambda _: place, "WRONGX", LONG_S)
    with pytest.raises(Refused, match="refused before"):
        lan.open(garden, "WRONGX", 5.0)
    assert device.wrong == 1
