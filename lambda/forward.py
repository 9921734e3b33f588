"""Signs Alexa's directives for showcam at home; logs nothing of them.

URL: showcam's address. KEY: "id:base64", or two with a comma.
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import threading
import time
import uuid
from http import client
from typing import Any
from urllib.parse import urlsplit

BUDGET_S = 5.5
log = logging.getLogger(__name__)
REFUSED = {
    403: ("INTERNAL_ERROR", "refuses the forwarder's key."),
    413: ("INVALID_DIRECTIVE", "finds the directive too long."),
    429: ("RATE_LIMIT_EXCEEDED", "is too busy."),
}
UNREACHED = "BRIDGE_UNREACHABLE", "can't be reached."


def handler(event: Any, _: object, left: float = BUDGET_S) -> Any:
    if "directive" not in event:
        raise ValueError("not a directive")
    status, answer = exchange("/alexa/smart-home", json.dumps(event).encode(), left)
    if status == 200 and at(answer, "event"):
        return answer
    log.error("home answered %s", status or "nothing in time")
    return refusal(event["directive"], status)


def exchange(path: str, body: bytes, left: float) -> tuple[int, Any]:
    """Status and answer in time; 0 for none."""
    end = time.monotonic() + left
    got: list[tuple[int, Any]] = [(0, None)]

    def send() -> None:
        for key in os.environ["KEY"].split(","):
            try:
                got[0] = post(path, body, key, end - time.monotonic())
            except (OSError, ValueError, client.HTTPException):
                return
            if got[0][0] != 403:
                return

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join(left)
    return got[0]


def post(path: str, body: bytes, key: str, left: float) -> tuple[int, Any]:
    url = urlsplit(os.environ["URL"])
    connect = client.HTTPSConnection if url.scheme == "https" else client.HTTPConnection
    home = connect(url.netloc, timeout=left)
    try:
        headers = {"Content-Type": "application/json", "X-Showcam-Signature": sign(key, path, body)}
        home.request("POST", path, body, headers)
        reply = home.getresponse()
        return reply.status, json.loads(reply.read(5 << 20)) if reply.status == 200 else None
    finally:
        home.close()


def sign(key: str, path: str, body: bytes) -> str:
    name, _, secret = key.strip().partition(":")
    now, nonce = str(int(time.time())), uuid.uuid4().hex
    lines = ["v1", name, now, nonce, "POST", path, hashlib.sha256(body).hexdigest()]
    tag = hmac.digest(base64.b64decode(secret), "\n".join(lines).encode(), "sha256")
    return f"v1;{name};{now};{nonce};{tag.hex()}"


def at(of: Any, name: str) -> Any:
    return of.get(name) if isinstance(of, dict) else None


def refusal(directive: Any, status: int) -> Any:
    given, space, (kind, says) = at(directive, "header"), "Alexa", REFUSED.get(status, UNREACHED)
    if at(given, "name") == "AcceptGrant":
        space, kind = "Alexa.Authorization", "ACCEPT_GRANT_FAILED"
    header = {"namespace": space, "name": "ErrorResponse", "payloadVersion": "3", "messageId": str(uuid.uuid4())}
    if isinstance(token := at(given, "correlationToken"), str):
        header["correlationToken"] = token
    event = {"header": header, "payload": {"type": kind, "message": f"showcam at home {says}"}}
    if isinstance(camera := at(at(directive, "endpoint"), "endpointId"), str):
        event["endpoint"] = {"endpointId": camera}
    return {"event": event}
