"""Directives as Alexa sends them, and what an endpoint of a discovery offers an Echo."""

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
    if endpoint is None:  # AcceptGrant has its token where it says whose grant it is
        scoped = payload if "grantee" in payload else payload | {"scope": scope}
        return {"directive": {"header": header, "payload": scoped}}
    header["correlationToken"] = secrets.token_urlsafe(96) + "=="
    where = {"scope": scope, "endpointId": endpoint["endpointId"], "cookie": endpoint.get("cookie", {})}
    return {"directive": {"header": header, "endpoint": where, "payload": payload}}


def capability(endpoint: dict[str, Any], interface: str) -> dict[str, Any] | None:
    return next((one for one in endpoint["capabilities"] if one["interface"] == interface), None)


def combinations(endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """What is advertised and an Echo plays: HLS, H.264, at most 1080p, with or without sound."""
    offered = capability(endpoint, CAMERA_STREAM)
    return [
        {
            "protocol": "HLS",
            "resolution": resolution,
            "authorizationType": "NONE",
            "videoCodec": "H264",
            "audioCodec": audio,
        }
        for one in (offered or {}).get("cameraStreamConfigurations", [])
        if "HLS" in one["protocols"] and "NONE" in one["authorizationTypes"] and "H264" in one["videoCodecs"]
        for resolution in one["resolutions"]
        if resolution["width"] <= 1920 and resolution["height"] <= 1080
        for audio in one["audioCodecs"]
    ]
