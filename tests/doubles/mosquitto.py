"""Mosquitto as the broker of a house, and a client that hears all that it holds: paho, by MQTT 3.1.1."""

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import trustme
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.doubles.needs import MOSQUITTO_FILE
from tests.doubles.waiting import LONG_S, until

USER, PASSWORD = "showcam", "a pass/word: of%20 the house"
VIEWER = "viewer"  # another user of the broker, with the same password


class Mosquitto:
    """`authority`: it speaks TLS only. It then wants a user name and password, as with `is_careful`.

    `rules`: lines of its acl_file.

    What it holds is gone after `stop`.
    """

    def __init__(
        self, folder: Path, authority: trustme.CA | None = None, rules: str = "", *, is_careful: bool = False
    ) -> None:
        self._folder, self._tls, self._is_careful = folder, authority, is_careful or authority is not None
        folder.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "allow_anonymous true", "user root"]
        if self._is_careful:
            lines[2] = "allow_anonymous false"
            lines.append(f"password_file {self._passwords()}")
        if authority is not None:
            lines += self._certified(authority)
        if rules:
            (folder / "rules").write_text(rules)
            (folder / "rules").chmod(0o600)
            lines.append(f"acl_file {folder / 'rules'}")
        (folder / "conf").write_text("\n".join(lines) + "\n")
        self._running: subprocess.Popen[bytes] | None = None

    def _certified(self, authority: trustme.CA) -> Iterator[str]:
        issued = authority.issue_cert("localhost")
        (self._folder / "key").write_bytes(issued.private_key_pem.bytes())
        (self._folder / "certificate").write_bytes(issued.cert_chain_pems[0].bytes())
        yield f"keyfile {self._folder / 'key'}"
        yield f"certfile {self._folder / 'certificate'}"

    def _passwords(self) -> Path:
        file = self._folder / "passwords"
        file.touch(mode=0o600)
        tool = MOSQUITTO_FILE.with_name("mosquitto_passwd")
        for user in (USER, VIEWER):
            subprocess.run([tool, "-b", str(file), user, PASSWORD], check=True, capture_output=True)
        return file

    @property
    def address(self) -> str:
        """As the setting `mqtt` has it."""
        user = f"{USER}:{quote(PASSWORD, safe='')}@" if self._is_careful else ""
        return f"mqtt{'s' if self._tls else ''}://{user}localhost:{self.port}"

    def start(self) -> "Mosquitto":
        with (self._folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [MOSQUITTO_FILE, "-c", str(self._folder / "conf")], stdout=log, stderr=log, env=dict(os.environ)
            )
        until(self._serves)
        return self

    def _serves(self) -> bool:
        assert self._running is not None
        assert self._running.poll() is None, (self._folder / "log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port), LONG_S):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def __enter__(self) -> "Mosquitto":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def viewer(self) -> Iterator["Viewer"]:
        made = Viewer(self.port, self._tls, is_careful=self._is_careful)
        try:
            yield made
        finally:
            made.close()


class Viewer:
    """Has subscribed to everything. `heard`: topic, payload and whether it was retained; `held`: the last by topic."""

    def __init__(self, port: int, authority: trustme.CA | None, *, is_careful: bool) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if is_careful:
            self._client.username_pw_set(VIEWER, PASSWORD)
        if authority is not None:
            self._client.tls_set_context(_trusting(authority))
        self._subscribed = False
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.connect("localhost", port)
        self._client.loop_start()
        until(lambda: self._subscribed)

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed = True

    def _on_message(self, _client: object, _data: object, said: mqtt.MQTTMessage) -> None:
        self.heard.append((said.topic, bytes(said.payload), said.retain))

    @property
    def held(self) -> dict[str, bytes]:
        return {topic: payload for topic, payload, _ in list(self.heard)}

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(LONG_S)

    def device(self, name: str) -> dict[str, Any]:
        """The description of the camera of that name, {} if there is none."""
        for topic, payload in self.held.items():
            if topic.endswith("/config") and payload and (found := json.loads(payload))["device"]["name"] == name:
                return dict(found)
        return {}

    def state_topic(self, name: str) -> str:
        device = self.device(name)
        return str(device["components"]["shown"]["state_topic"]) if device else ""

    def state(self, name: str) -> dict[str, Any]:
        """The camera's last state, {} if there is none."""
        payload = self.held.get(self.state_topic(name), b"")
        return dict(json.loads(payload)) if payload else {}

    def rings(self) -> list[tuple[str, bytes, bool]]:
        return [message for message in list(self.heard) if message[0].endswith("/ring")]

    def settles(self) -> None:
        """Returns when the broker has handed on all that was sent before."""
        mark = f"settled/{time.monotonic_ns()}"
        self.send(mark, b"1")
        until(lambda: mark in self.held)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
