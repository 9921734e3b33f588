"""Directives as Alexa sends them, and what a discovered endpoint offers an Echo."""

import secrets
import uuid
from typing import Any

RTC = "Alexa.RTCSessionController"
CAMERA_STREAM = "Alexa.CameraStreamController"
POWER = "Alexa.PowerController"


def directive(
    namespace: str, name: str, endpoint: dict[str, Any] | None, payload: dict[str, Any], token: str
) -> dict[str, Any]:
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": str(uuid.uuid4())}
    scope = {"type": "BearerToken", "token": token}
    if endpoint is None:  # AcceptGrant carries its token as the grantee
        scoped = payload if "grantee" in payload else payload | {"scope": scope}
        return {"directive": {"header": header, "payload": scoped}}
    header["correlationToken"] = secrets.token_urlsafe(96) + "=="
    target = {"scope": scope, "endpointId": endpoint["endpointId"], "cookie": endpoint.get("cookie", {})}
    return {"directive": {"header": header, "endpoint": target, "payload": payload}}


def capability(endpoint: dict[str, Any], interface: str) -> dict[str, Any] | None:
    return next((known for known in endpoint["capabilities"] if known["interface"] == interface), None)


def combinations(endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """The advertised streams that an Echo plays: HLS, H.264, at most 1080p, with or without sound."""
    offered = capability(endpoint, CAMERA_STREAM)
    return [
        {
            "protocol": "HLS",
            "resolution": resolution,
            "authorizationType": "NONE",
            "videoCodec": "H264",
            "audioCodec": audio,
        }
        for offer in (offered or {}).get("cameraStreamConfigurations", [])
        if "HLS" in offer["protocols"] and "NONE" in offer["authorizationTypes"] and "H264" in offer["videoCodecs"]
        for resolution in offer["resolutions"]
        if resolution["width"] <= 1920 and resolution["height"] <= 1080
        for audio in offer["audioCodecs"]
    ]
