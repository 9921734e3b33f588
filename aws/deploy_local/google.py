"""A Google display, as far as the walk needs one: sends intents and reads the answers."""

import uuid
from pathlib import Path
from typing import Any

import requests

from aws.deploy_local.steps import StepFailed

WAIT_S = 30
STREAM = "action.devices.commands.GetCameraStream"


class Google:
    def __init__(self, web: str, authorities: Path, token: str) -> None:
        self._url, self._token = f"{web}/google/fulfillment", token
        self._http = requests.Session()
        self._http.verify, self._http.trust_env = str(authorities), False

    def sync(self) -> list[dict[str, Any]]:
        """The devices. Raises StepFailed."""
        answer = self.ask("SYNC")
        if answer.status_code != 200 or "devices" not in answer.json().get("payload", {}):
            raise StepFailed(f"SYNC was answered {answer.status_code}: {answer.text[:200]}")
        return list(answer.json()["payload"]["devices"])

    def query(self, device: str) -> dict[str, Any]:
        answer = self.ask("QUERY", {"devices": [{"id": device}]})
        return dict(self._payload("QUERY", answer)["devices"][device])

    def streams(self, device: str) -> dict[str, Any]:
        """The result of GetCameraStream with a Chromecast's parameters, which plays HLS."""
        params = {"StreamToChromecast": True, "SupportedStreamProtocols": ["hls"]}
        command = {"devices": [{"id": device}], "execution": [{"command": STREAM, "params": params}]}
        answer = self.ask("EXECUTE", {"commands": [command]})
        return dict(self._payload("EXECUTE", answer)["commands"][0])

    def ask(self, intent: str, payload: dict[str, Any] | None = None) -> requests.Response:
        named: dict[str, Any] = {"intent": f"action.devices.{intent}"}
        body = {"requestId": str(uuid.uuid4()), "inputs": [named | ({"payload": payload} if payload else {})]}
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._http.post(self._url, json=body, headers=headers, timeout=WAIT_S)

    def _payload(self, intent: str, answer: requests.Response) -> dict[str, Any]:
        if answer.status_code != 200:
            raise StepFailed(f"{intent} was answered {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json()["payload"])
