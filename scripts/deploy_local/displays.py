"""An Echo and a Google display, as far as the walk needs them: they send, read the answers and decode a picture."""

import io
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import av
import requests
from av.error import FFmpegError

from scripts.deploy_local.emulator import ANSWER_S, PAUSE_S
from scripts.deploy_local.steps import StepFailed

STREAMS = "Alexa.CameraStreamController"


class Alexa:
    def __init__(self, directive: Callable[[dict[str, Any]], dict[str, Any]], token: str) -> None:
        self._send, self.scope = directive, {"type": "BearerToken", "token": token}

    def discover(self) -> list[dict[str, Any]]:
        """The endpoints. Raises StepFailed."""
        event = self.ask("Alexa.Discovery", "Discover", {"scope": self.scope})
        if event["header"]["name"] != "Discover.Response":
            raise StepFailed(f"Discover was answered {summary(event)}")
        return list(event["payload"]["endpoints"])

    def streams(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        """The event that answers InitializeCameraStreams, with the stream configurations of the endpoint."""
        controls = next(capability for capability in endpoint["capabilities"] if capability["interface"] == STREAMS)
        wanted = [
            {
                "protocol": offered["protocols"][0],
                "resolution": offered["resolutions"][0],
                "authorizationType": offered["authorizationTypes"][0],
                "videoCodec": offered["videoCodecs"][0],
                "audioCodec": offered["audioCodecs"][0],
            }
            for offered in controls["cameraStreamConfigurations"]
        ]
        return self.ask(STREAMS, "InitializeCameraStreams", {"cameraStreams": wanted}, endpoint["endpointId"])

    def ask(self, namespace: str, name: str, payload: dict[str, Any], endpoint: str = "") -> dict[str, Any]:
        """Send a directive; return the event of the answer. Raises StepFailed."""
        header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": str(uuid.uuid4())}
        directive: dict[str, Any] = {"header": header, "payload": payload}
        if endpoint:
            header["correlationToken"] = "a token that Alexa wants back"
            directive["endpoint"] = {"scope": self.scope, "endpointId": endpoint, "cookie": {}}
        answer = self._send({"directive": directive})
        if not isinstance(answer, dict) or "event" not in answer:
            raise StepFailed(f"{name} was answered by something that is no event: {str(answer)[:200]}")
        return dict(answer["event"])


def summary(event: dict[str, Any]) -> str:
    payload = event["payload"]
    return f"{payload.get('type', event['header']['name'])}: {payload.get('message', '')}".rstrip(": ")


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
        return self._http.post(self._url, json=body, headers=headers, timeout=ANSWER_S)

    def _payload(self, intent: str, answer: requests.Response) -> dict[str, Any]:
        if answer.status_code != 200:
            raise StepFailed(f"{intent} was answered {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json()["payload"])


def watch(url: str, authorities: Path) -> tuple[int, int, int]:
    """Width, height and number of the frames in the stream's first segments. Raises StepFailed."""
    http = requests.Session()
    http.verify, http.trust_env = str(authorities), False
    master = _get(http, url).text
    named = [line for line in master.splitlines() if line and not line.startswith("#")]
    if not master.startswith("#EXTM3U") or not named:
        raise StepFailed("the stream's first playlist names no stream")
    variant, end = urljoin(url, named[0]), time.monotonic() + ANSWER_S
    while time.monotonic() < end:
        lines = _get(http, variant).text.splitlines()
        segments = [line for line in lines if line and not line.startswith("#")]
        if segments:
            heads = [line.split('URI="')[1].split('"')[0] for line in lines if line.startswith("#EXT-X-MAP")]
            content = [_get(http, urljoin(variant, name)).content for name in [*heads[:1], *segments[-2:]]]
            return _decoded(b"".join(content))
        time.sleep(PAUSE_S)
    raise StepFailed(f"the stream listed no segment within {ANSWER_S} s")


def still(url: str, token: str, authorities: Path) -> tuple[int, int, int]:
    """Width, height and 1 for a still picture, which needs an access token of the link. Raises StepFailed."""
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, verify=str(authorities), timeout=ANSWER_S)
    if answer.status_code != 200:
        raise StepFailed(f"the still picture answered {answer.status_code}: {answer.text[:200]}")
    return _decoded(answer.content)


def _get(http: requests.Session, url: str) -> requests.Response:
    answer = http.get(url, timeout=ANSWER_S, allow_redirects=False)
    if answer.status_code != 200:
        raise StepFailed(f"the picture process answered {answer.status_code}: {answer.text[:200]}")
    return answer


def _decoded(data: bytes) -> tuple[int, int, int]:
    try:
        with av.open(io.BytesIO(data), mode="r") as media:
            frames = list(media.decode(video=0))
    except FFmpegError as error:
        raise StepFailed(f"what came is no picture: {error}") from None
    if not frames:
        raise StepFailed("no frame could be decoded")
    return frames[0].width, frames[0].height, len(frames)
