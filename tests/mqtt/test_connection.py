"""How the connection to a broker begins and ends: TLS, passwords, what answers that is none, what is too much."""

import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.doubles.loaded import loaded_by
from tests.doubles.mosquitto import PASSWORD, USER, Mosquitto
from tests.doubles.needs import MOSQUITTO
from tests.doubles.rude_broker import CONNACK_5, OLD_PROTOCOL, Connection, RudeBroker
from tests.doubles.waiting import until
from tests.mqtt.conftest import NODE, House

pytestmark = pytest.mark.proves(
    "A broker is spoken to by TLS and with a password, and why it takes nothing is said",
    leans_on="second stack: mosquitto; double: brokers that break the standard",
)
MB = 1024 * 1024


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def careful(tmp_path: Path, authority: trustme.CA) -> Iterator[Mosquitto]:
    """It wants TLS and a password."""
    with Mosquitto(tmp_path / "broker", authority) as running:
        yield running


@pytest.fixture
def ca_file(tmp_path: Path, authority: trustme.CA) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


def test_without_a_broker_nothing_of_it_is_loaded() -> None:
    loaded = loaded_by("showcam.app.compose.worker", "showcam.app.compose.web", "showcam.app.cli.run")
    assert {name for name in loaded if name.startswith(("showcam.mqtt", "showcam.net.mqtt", "paho"))} == set()


@MOSQUITTO.mark
def test_by_tls_and_with_a_password(house: House, careful: Mosquitto, ca_file: Path) -> None:
    house.publish(careful.address, ca_file)
    house.becomes("connected")
    with careful.viewer() as viewer:
        until(lambda: viewer.state("Garden"))


@MOSQUITTO.mark
def test_a_wrong_password_is_said(house: House, careful: Mosquitto, ca_file: Path) -> None:
    house.publish(f"mqtts://{USER}:wrong@localhost:{careful.port}", ca_file)
    house.becomes("password")


@MOSQUITTO.mark
def test_a_certificate_that_nobody_vouches_for_is_said(house: House, careful: Mosquitto) -> None:
    house.publish(careful.address)
    house.becomes("certificate")


@MOSQUITTO.mark
def test_a_certificate_of_another_name_is_said(house: House, careful: Mosquitto, ca_file: Path) -> None:
    house.publish(careful.address.replace("localhost", "127.0.0.1"), ca_file)
    house.becomes("certificate")


@MOSQUITTO.mark
@pytest.mark.parametrize("rules", ["topic read #\n", "topic readwrite homeassistant/#\ntopic read #\n"])
def test_a_broker_that_lets_nothing_be_written_is_said(house: House, tmp_path: Path, rules: str) -> None:
    with Mosquitto(tmp_path / "broker", rules=rules) as broker:
        house.publish(broker.address)
        house.becomes("unwritable")


@MOSQUITTO.mark
def test_the_broker_says_that_showcam_is_offline_when_the_connection_breaks(
    house: House, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broker.viewer() as viewer:
        status = f"showcam/{NODE}/status"
        house.publish(broker.address)
        until(lambda: viewer.held.get(status) == b"online")
        house.end()
        until(lambda: viewer.held[status] == b"offline")


def test_nobody_there_is_said(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    house.publish(f"mqtt://127.0.0.1:{port}")
    house.becomes("unreachable")


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_what_is_no_broker_is_said(house: House, said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    sock, _ = listening.accept()
                except OSError:
                    return
                with sock:
                    sock.recv(4096)
                    sock.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        house.publish(f"mqtt://127.0.0.1:{listening.getsockname()[1]}")
        house.becomes("no_broker")
        house.end()
        listening.shutdown(socket.SHUT_RDWR)


def test_a_broker_of_mqtt_3_only_is_said(house: House) -> None:
    rude = RudeBroker(lambda connection: connection.until_closed(), OLD_PROTOCOL)
    house.publish(f"mqtt://{rude.host}")
    house.becomes("old_protocol")
    house.end()
    rude.close()


def test_a_message_larger_than_was_asked_for_ends_the_connection_unread(house: House) -> None:
    def flood(connection: Connection) -> None:
        connection.flood(64 * MB)

    rude = RudeBroker(flood, CONNACK_5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    house.publish(f"mqtt://{rude.host}")
    house.becomes("no_broker")
    until(lambda: len(rude.connections) > 1)  # and showcam tries again
    house.end()
    rude.close()
    assert rude.connections[0].sent < 32 * MB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_what_is_garbled_ends_the_connection(house: House) -> None:
    rude = RudeBroker(lambda connection: connection.send(b"\xf0\xff\xff\xff\xff\x01" * 8), CONNACK_5)
    house.publish(f"mqtt://{rude.host}")
    until(lambda: len(rude.connections) > 2)
    house.becomes("no_broker")
    house.end()
    rude.close()


def test_no_password_is_in_what_is_written(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    house.publish(f"mqtt://{USER}:{PASSWORD.replace('/', '%2F').replace(' ', '%20')}@127.0.0.1:{port}")
    house.becomes("unreachable")
    assert PASSWORD not in capsys.readouterr().out + house.file.read_text()
