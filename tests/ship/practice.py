"""What the practice page of a demo does for a person: the account is linked, and Garden is shown."""

import requests

from tests.doubles.waiting import LONG_S


def garden_is_shown(simulator_port: int) -> None:
    """By WebRTC to the demo's Echo."""
    assistant = f"http://127.0.0.1:{simulator_port}/assistants/alexa"
    account = {"user": "demo@example.com", "password": "showcam-demo"}
    assert requests.post(f"{assistant}/link", json=account, timeout=LONG_S).json()["linked"]
    said = {"text": "show the garden camera", "via": "webrtc"}
    answer = requests.post(f"{assistant}/watch", json=said, timeout=LONG_S).json()
    assert answer["outcome"]["shown"], answer["outcome"]
    assert answer["shown"]["frames"] > 10
