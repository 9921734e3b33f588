"""Cameras' own protocol in the house: a public client, unmodified, is shown a camera; and the rules of the double."""

import socket
from collections.abc import Callable, Iterator

import pytest
from pyezvizapi.cas import CasDeviceSession, EzvizCAS
from pyezvizapi.client import EzvizClient
from pyezvizapi.exceptions import PyEzvizError
from pyezvizapi.local_stream import open_local_sdk_stream_from_client
from pyezvizapi.stream import StreamTransport, detect_transport

from tests.doubles.cloud import Cloud
from tests.doubles.troubled.own_protocol import LOCAL_CONTROL, LOCAL_MEDIA
from tests.doubles.waiting import until

pytestmark = pytest.mark.proves(
    "A public client of EZVIZ is shown the simulated camera by its protocol at home",
    leans_on="second stack: pyezvizapi, unmodified",
)

NAME = "Terrace"  # without Image Encryption, of a household that is as unkind as life


@pytest.fixture
def client(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[EzvizClient]:
    """Registered with the server of keys, and of a type that it answers: this client says 0 in life, often in vain."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(cloud.process.ca))
    cloud.process.configure(cas_zero=True, cas_certificate="good", local_answers="")
    cloud.process.control(cloud.process.serial(NAME), local="plain")
    until(lambda: cloud.process.ports().get(LOCAL_MEDIA + cloud.process.serial(NAME)))
    made = EzvizClient("real@example.com", "showcam-demo", cloud.process.app_host, timeout=30)
    made.login()
    register(made)
    yield made
    cloud.process.configure(cas_zero=False, local_answers="sealed", cas_fault="", cas_certificate="", local_fault="")
    cloud.process.control(cloud.process.serial(NAME), local="")


def register(client: EzvizClient) -> None:
    """What this client leaves to its user."""
    form, headers = {"sessionId": client.export_token()["session_id"]}, {"appId": "ys7", "clientType": "1"}
    url = f"https://{client.export_token()['api_url']}/v3/p2pbusiness/configurations/p2p"
    assert client._session.post(url, data=form, headers=headers, timeout=30).json()["meta"]["code"] == 200


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_public_client_is_sent_a_program_stream(cloud: Cloud, client: EzvizClient) -> None:
    serial = cloud.process.serial(NAME)
    with open_local_sdk_stream_from_client(client, serial, receiver_port=free_port()) as stream:
        payload = b"".join(packet.body for packet in stream.iter_packets(max_packets=60))
        assert cloud.process.cameras()[NAME]["local_streams"] == 1
    assert detect_transport(payload[payload.index(b"\0\0\1\xba") :]) is StreamTransport.MPEG_PS
    assert payload.count(b"\0\0\1\xe0") > 5
    assert payload.count(b"\0\0\1\xc0") > 5
    until(lambda: cloud.process.cameras()[NAME]["local_streams"] == 0)


def test_it_is_refused_as_others_are(cloud: Cloud, client: EzvizClient) -> None:
    cloud.process.configure(local_fault="refuses")
    serial = cloud.process.serial(NAME)
    stream = open_local_sdk_stream_from_client(client, serial, receiver_port=free_port())
    with stream, pytest.raises(PyEzvizError, match="Result=9"):
        list(stream.iter_packets(max_packets=1))


def asked(client: EzvizClient, serial: str, **changes: str) -> str:
    """Result of asking for a key; "key" where one came."""
    try:
        token = {**client.export_token(), **changes}
        session = CasDeviceSession.from_response(EzvizCAS(token).cas_get_encryption(serial))
    except PyEzvizError as error:
        return str(error).rpartition("Result=")[2].rstrip(")").replace(", Limit=", " ")
    assert (len(session.key), len(session.operation_code), session.encrypt_type) == (16, 7, 1)
    return "key"


KEYS: dict[str, tuple[Callable[[Cloud, EzvizClient], object], str]] = {
    "of one's own": (lambda _cloud, _client: None, "key"),
    "out of the service's mood": (lambda cloud, _client: cloud.process.configure(cas_fault="refused"), "1052175"),
    "too many": (lambda cloud, _client: cloud.process.configure(cas_fault="limit"), "0 -9999"),
    "forgotten": (lambda cloud, _client: cloud.process.configure(cas_fault="forgets"), "1052170"),
    "not registered": (lambda _cloud, client: client.login(), "1052170"),
}


@pytest.mark.parametrize("case", KEYS)
def test_who_is_given_a_key(cloud: Cloud, client: EzvizClient, case: str) -> None:
    spoil, expected = KEYS[case]
    spoil(cloud, client)
    assert asked(client, cloud.process.serial(NAME)) == expected


def test_a_camera_of_others_has_none(cloud: Cloud, client: EzvizClient) -> None:
    assert asked(client, cloud.process.serial("Garden")) == "1052175"
    assert asked(client, cloud.process.serial("Boathouse")) == "key", "it is shared"


def test_a_key_is_for_the_terminal_that_signed_in(cloud: Cloud, client: EzvizClient) -> None:
    assert asked(client, cloud.process.serial(NAME), feature_code="0" * 32) == "1052175"


def test_a_client_of_type_0_is_often_left_without_an_answer(
    cloud: Cloud, client: EzvizClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyezvizapi.cas.CAS_SOCKET_TIMEOUT", 0.5)
    cloud.process.configure(cas_zero=False)
    assert asked(client, cloud.process.serial(NAME)) == "Timed out waiting for CAS response"


def test_a_certificate_out_of_date_is_refused_by_a_client_that_checks(cloud: Cloud, client: EzvizClient) -> None:
    cloud.process.configure(cas_certificate="")
    with pytest.raises(OSError, match="certificate has expired"):
        asked(client, cloud.process.serial(NAME))


def test_closed_ports_are_listed_all_the_same(cloud: Cloud, client: EzvizClient) -> None:
    listed = client.get_device_infos(cloud.process.serial("Loft"))["CONNECTION"]
    assert (listed["localCmdPort"], listed["localStreamPort"]) == (9010, 9020)
    assert LOCAL_CONTROL + cloud.process.serial("Loft") not in cloud.process.ports()
