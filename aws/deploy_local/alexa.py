"""An Echo, as far as the walk needs one: sends directives and reads the events that answer them."""

import uuid
from collections.abc import Callable
from typing import Any

from aws.deploy_local.steps import StepFailed

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
