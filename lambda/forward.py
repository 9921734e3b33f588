"""An owner's AWS part: hands Alexa's requests to showcam at home, signed; nothing of them is logged.

URL: showcam's address. KEY: "id:base64", after a comma a second one while keys change. SPOKEN=1: custom requests too.
"""

import base64
import hashlib
import hmac
import http.client
import json
import logging
import os
import secrets
import threading
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

BUDGET_S = 5.5
log = logging.getLogger(__name__)
KINDS = {403: "INTERNAL_ERROR", 413: "INVALID_DIRECTIVE", 429: "RATE_LIMIT_EXCEEDED"}


def handler(event: Any, _context: object) -> Any:
    smart = "directive" in event
    if not smart and os.environ.get("SPOKEN") != "1":
        raise ValueError("not a directive")
    status, answer = exchange("/alexa/smart-home" if smart else "/alexa/skill", json.dumps(event).encode())
    if status == 200 and isinstance(answer, dict) and ("event" if smart else "version") in answer:
        return answer
    log.error("home answered %s", status or "nothing in time")
    return refusal(event["directive"], status) if smart else spoken(str(event["request"].get("locale")))


def exchange(path: str, body: bytes) -> tuple[int, Any]:
    """Status and answer within the budget, whatever home does; 0 for none."""
    end = time.monotonic() + BUDGET_S
    got: list[tuple[int, Any]] = [(0, None)]

    def ask() -> None:
        for key in os.environ["KEY"].split(","):
            try:
                got[0] = post(path, body, key, end - time.monotonic())
            except (OSError, ValueError, http.client.HTTPException):
                return
            if got[0][0] != 403:
                return

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(BUDGET_S)
    return got[0]


def post(path: str, body: bytes, key: str, left: float) -> tuple[int, Any]:
    url = urlsplit(os.environ["URL"])
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    home = connect(url.hostname or "", url.port, timeout=max(0.1, left))
    try:
        headers = {"Content-Type": "application/json", "X-Showcam-Signature": sign(key, path, body)}
        home.request("POST", path, body, headers)
        reply = home.getresponse()
        return reply.status, json.loads(reply.read(5 << 20)) if reply.status == 200 else None
    finally:
        home.close()


def sign(key: str, path: str, body: bytes) -> str:
    name, _, secret = key.strip().partition(":")
    now, nonce = str(int(time.time())), secrets.token_hex(16)
    lines = ["v1", name, now, nonce, "POST", path, hashlib.sha256(body).hexdigest()]
    tag = hmac.digest(base64.b64decode(secret), "\n".join(lines).encode(), "sha256")
    return f"v1;{name};{now};{nonce};{tag.hex()}"


def refusal(asked: Any, status: int) -> Any:
    given, kind, space = asked["header"], KINDS.get(status, "BRIDGE_UNREACHABLE"), "Alexa"
    if given.get("name") == "AcceptGrant":
        kind, space = "ACCEPT_GRANT_FAILED", "Alexa.Authorization"
    text = "showcam at home refuses the forwarder's key." if status == 403 else "showcam at home can't be reached."
    header = {"namespace": space, "name": "ErrorResponse", "payloadVersion": "3", "messageId": str(uuid.uuid4())}
    if given.get("correlationToken"):
        header["correlationToken"] = given["correlationToken"]
    event = {"header": header, "payload": {"type": kind, "message": text}}
    if endpoint := asked.get("endpoint"):
        event["endpoint"] = {"endpointId": endpoint["endpointId"]}
    return {"event": event}


def spoken(locale: str) -> Any:
    german = locale.startswith("de")
    text = "Dein showcam ist nicht erreichbar." if german else "Your showcam can't be reached."
    return {"version": "1.0", "response": {"outputSpeech": {"type": "PlainText", "text": text}}}
