"""The vendor's own messages: webhooks, and the app's push messages as a public client receives them."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from pyezvizapi.client import EzvizClient
from pyezvizapi.constants import APP_SECRET, MQTT_APP_KEY
from pyezvizapi.mqtt import MQTTClient

from tests.doubles.cloud import Cloud
from tests.doubles.waiting import LONG_S, until

KEY = "a-signing-key"


class Receiver:
    """A receiver of webhooks that gives its `answers` in turn, and the last one forever."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[Callable[[dict[str, Any]], tuple[int, bytes]]] = [self.well]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answers = receiver.answers
                status, text = (answers.pop(0) if len(answers) > 1 else answers[0])(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self.hook: dict[str, Any] = {"url": url, "key": KEY, "patience_s": LONG_S}
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @staticmethod
    def well(message: dict[str, Any]) -> tuple[int, bytes]:
        return 200, json.dumps({"messageId": message["header"]["messageId"]}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver(cloud: Cloud) -> Iterator[Receiver]:
    made = Receiver()
    yield made
    cloud.configure(webhook={"url": ""})
    made.close()


class TestWebhook:
    @pytest.mark.parametrize(
        ("change", "kind", "body"),
        [
            ({"motion": True}, "ys.alarm", {"alarmType": "motiondetect"}),
            ({"person": True}, "ys.alarm", {"alarmType": "humandetect"}),
            ({"press": True}, "ys.calling", {}),
            ({"online": False}, "ys.onoffline", {"msgType": "OFFLINE"}),
        ],
    )
    def test_an_event_is_sent_signed(
        self, cloud: Cloud, receiver: Receiver, change: dict[str, bool], kind: str, body: dict[str, str]
    ) -> None:
        cloud.configure(webhook=receiver.hook)
        cloud.control(cloud.serials["Front Door"], **change)
        until(lambda: receiver.got)
        ((headers, raw),) = receiver.got
        message = json.loads(raw)
        assert headers["content-type"] == "text/plain"
        assert headers["message_type"] == message["header"]["type"] == kind
        assert headers["signature"] == hmac.new(KEY.encode(), raw + headers["t"].encode(), hashlib.sha1).hexdigest()
        assert (message["header"]["deviceId"], message["header"]["channelNo"]) == (cloud.serials["Front Door"], 1)
        assert body.items() <= message["body"].items()

    def test_a_change_to_the_same_value_sends_no_message(self, cloud: Cloud, receiver: Receiver) -> None:
        cloud.configure(webhook=receiver.hook)
        cloud.control(cloud.serials["Garden"], online=True)
        cloud.control(cloud.serials["Pond"], motion=True)
        until(lambda: receiver.got)
        assert len(receiver.got) == 1

    @pytest.mark.parametrize(
        "bad",
        [
            lambda message: (500, b""),
            lambda message: (200, b"ok"),
            lambda message: (200, b'{"messageId": "another"}'),
            lambda message: (302, b""),
        ],
        ids=["500", "no JSON", "another id", "moved"],
    )
    def test_a_message_with_a_bad_answer_is_sent_again_and_then_dropped(
        self, cloud: Cloud, receiver: Receiver, bad: Callable[[dict[str, Any]], tuple[int, bytes]]
    ) -> None:
        receiver.answers = [bad, Receiver.well]
        cloud.configure(webhook=receiver.hook)
        cloud.control(cloud.serials["Garden"], motion=True)
        until(lambda: len(receiver.got) == 2)
        assert receiver.got[0][1] == receiver.got[1][1]
        receiver.answers = [bad]
        cloud.control(cloud.serials["Garden"], motion=True)
        until(lambda: requests.get(f"{cloud.process.url}/_control", timeout=30).json()["webhook"]["dropped"] == 1)
        assert len(receiver.got) == 5

    def test_a_message_is_sent_twice_where_duplicates_are_set(self, cloud: Cloud, receiver: Receiver) -> None:
        cloud.configure(webhook=receiver.hook | {"duplicates": 1})
        cloud.control(cloud.serials["Garden"], motion=True)
        until(lambda: len(receiver.got) == 2)
        assert receiver.got[0][1] == receiver.got[1][1]


class TestMessages:
    @pytest.fixture
    def token(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
        client = EzvizClient("demo@example.com", "showcam-demo", cloud.process.app_host, timeout=30)
        return dict(client.login())

    @pytest.fixture
    def registered(self, token: dict[str, Any]) -> MQTTClient:
        """The public library's own registration, unmodified; its fixed port is not opened."""
        client = MQTTClient(token, requests.Session(), timeout=30)
        client._register_ezviz_push()
        client._start_ezviz_push()
        return client

    @pytest.mark.parametrize("quality", [0, 1, 2])
    def test_a_public_client_receives_messages_that_the_library_decodes(
        self, cloud: Cloud, registered: MQTTClient, quality: int
    ) -> None:
        received: list[dict[str, Any]] = []
        name = registered._mqtt_data["mqtt_clientid"]
        assert name is not None
        client = self._client(name)

        def subscribe(*_: object) -> None:
            client.subscribe(f"{MQTT_APP_KEY}/#", qos=quality)

        client.on_connect = subscribe
        client.on_message = lambda _client, _data, message: received.append(
            registered.decode_mqtt_message(bytes(message.payload))
        )
        ready = threading.Event()
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", int(cloud.process.push_host.partition(":")[2]))
        client.loop_start()
        assert ready.wait(LONG_S)
        door = cloud.serials["Front Door"]
        cloud.control(door, press=True)  # a call, which is not pushed
        cloud.control(cloud.serials["Study"], motion=True)  # another household's
        cloud.control(cloud.serials["Garden"], motion=True)
        cloud.control(door, person=True)
        cloud.configure(pushes_rings=True)
        cloud.control(door, press=True)
        until(lambda: len(received) == 3)
        client.disconnect()
        client.loop_stop()
        extras = [message["ext"] for message in received]
        alerts = [(extra["device_serial"], extra["channel_no"], extra["alert_type_code"]) for extra in extras]
        assert alerts == [(cloud.serials["Garden"], 1, 10002), (door, 1, 10120), (door, 1, 0)]
        assert [extra["device_name"] for extra in extras] == ["Garden", "Front Door", "Front Door"]

    @pytest.mark.parametrize(
        ("user", "password", "registered_name"),
        [(MQTT_APP_KEY, APP_SECRET, False), ("nobody", APP_SECRET, True), (MQTT_APP_KEY, "", True)],
    )
    def test_a_client_with_wrong_credentials_is_refused(
        self, cloud: Cloud, registered: MQTTClient, user: str, password: str, registered_name: bool
    ) -> None:
        name = registered._mqtt_data["mqtt_clientid"] if registered_name else "somebody"
        assert name is not None
        client = self._client(name, user, password)
        reasons: list[Any] = []
        client.on_connect = lambda _client, _data, _flags, reason, _properties: reasons.append(reason)
        client.connect("127.0.0.1", int(cloud.process.push_host.partition(":")[2]))
        client.loop_start()
        until(lambda: reasons)
        client.disconnect()
        client.loop_stop()
        assert reasons[0].is_failure

    @pytest.mark.parametrize(
        ("raw", "answer"),
        [
            (b"GET / HTTP/1.1\r\n\r\n", b""),
            (b"\x10\xff\xff\xff\xff\x7f", b""),
            (b"\x10\x02\x00\x04", b""),
            (b"\x30\x03\x00\x01a", b""),
            (b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\xffabcd", b""),
            (b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x02ab", b"\x20\x02\x00\x01"),  # another version
        ],
    )
    def test_a_packet_that_is_no_mqtt_ends_only_its_connection(self, cloud: Cloud, raw: bytes, answer: bytes) -> None:
        with socket.create_connection(
            ("127.0.0.1", int(cloud.process.push_host.partition(":")[2])), timeout=30
        ) as sock:
            sock.sendall(raw)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(100) == answer
        assert requests.get(f"{cloud.process.url}/healthz", timeout=30).ok

    @staticmethod
    def _client(name: str, user: str = MQTT_APP_KEY, password: str = APP_SECRET) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        client.username_pw_set(user, password)
        return client


@pytest.mark.parametrize(
    ("kind", "listed"),
    [("motion", ("10002", "10002", None)), ("person", ("10120", "10120", None)), ("press", (2701, None, 1))],
)
def test_an_event_is_in_the_list_of_messages(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, kind: str, listed: tuple[int | str, str | None, int | None]
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.process.ca))
    serial = cloud.serials["Front Door"]
    cloud.control(serial, **{kind: True})
    event = cloud.row("Front Door")["events"][0]
    assert event["kind"] == kind
    client = EzvizClient("demo@example.com", "showcam-demo", cloud.process.app_host, timeout=30)
    client.login()
    newest = client.get_device_messages_list(serials=serial, date="")["message"][0]
    assert newest["msgId"] == event["id"]
    assert (newest["subType"], newest["ext"].get("alarmType"), newest["ext"].get("callingStatus")) == listed
