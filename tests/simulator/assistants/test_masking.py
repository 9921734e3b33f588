"""Messages for a person hold no secret."""

import json
from typing import Any

import pytest

from showcam.simulator.assistants.wire import HIDDEN, mask

SECRET = "hunter2-3f9aQ_x.Zz"


@pytest.mark.parametrize(
    "message",
    [
        {"directive": {"endpoint": {"scope": {"type": "BearerToken", "token": SECRET}}}},
        {"directive": {"payload": {"grant": {"type": "OAuth2.AuthorizationCode", "code": SECRET}}}},
        {"access_token": SECRET, "refresh_token": SECRET, "expires_in": 3600},
        {"grant_type": "authorization_code", "code": SECRET, "client_secret": SECRET, "code_verifier": SECRET},
        {"user": "demo@example.com", "password": SECRET, "csrf_token": SECRET},
        {"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}"},
        {"note": f"sent Bearer {SECRET} along"},
        {"note": f"Basic {SECRET}"},
        {"states": {"cameraStreamAuthToken": SECRET}},
        {"cameraStreamAccessUrl": f"https://cam.example/s/{SECRET}/master.m3u8"},
        {"cameraStreamSignalingUrl": f"https://cam.example/google/webrtc/{SECRET}"},
        {"location": f"http://127.0.0.1:8082/callback?code={SECRET}&state={SECRET}&iss=x"},
        {"uri": f"rtsps://user:{SECRET}@cam.example/1"},
        {"sdp": f"v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:{SECRET}\r\na=fingerprint:sha-256 {SECRET}\r\n"},
        {"lines": [f"#EXTM3U\n/s/{SECRET}/index.m3u8"]},
        {"state": SECRET * 4},
    ],
)
def test_secrets_of_a_message_are_hidden(message: dict[str, Any]) -> None:
    shown = json.dumps(mask(message), ensure_ascii=False)
    assert SECRET not in shown
    assert HIDDEN in shown


def test_a_message_without_secrets_stays_as_it_is() -> None:
    message = {
        "event": {"header": {"messageId": "5f8a", "correlationToken": "x=="}, "payload": {"type": "ENDPOINT_BUSY"}},
        "devices": [{"id": "ezviz-abc", "online": True, "state": "needs_login", "errorCode": "deviceOffline"}],
        "sdp": "m=video 9 UDP/TLS/RTP/SAVPF 99\r\na=rtpmap:99 H264/90000\r\na=ice-ufrag:abcd\r\n",
        "token": "",
        "code": None,
        "url": "https://cam.example/s/",
    }
    assert mask(message) == message


def test_masking_leaves_the_original_message_unchanged() -> None:
    message = {"scope": {"token": SECRET}, "list": [SECRET]}
    mask(message)
    assert message == {"scope": {"token": SECRET}, "list": [SECRET]}
