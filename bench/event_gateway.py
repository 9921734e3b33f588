"""Login with Amazon and the event gateway as the bench has them: the simulator's rules, with faults by chance."""

import json
import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from showcam.simulator.assistants import amazon
from tests.doubles.tls_vendor import Vendors, answer

CHANCES = {"429": 0.06, "500": 0.06, "401": 0.03, "hang": 0.01, "cut": 0.04, "": 0.8}  # "": the request succeeds
IN_A_ROW = 2  # failures of one endpoint. After more the sender's pauses grow, and the bench would wait for minutes
HANG_S = 30.0


@dataclass
class Taken:
    """What the gateway took, in its order: message id, name, endpoint, when."""

    messages: list[tuple[str, str, str, float]] = field(default_factory=list)

    def first(self) -> list[tuple[str, str, str, float]]:
        """Without repetitions, by which the gateway knows a message again."""
        return list({message[0]: message for message in reversed(self.messages)}.values())[::-1]


class EventGateway:
    """Login with Amazon and the event gateway. `faults` may be switched on and off."""

    def __init__(self, vendors: Vendors) -> None:
        self.taken, self.faults, self.seen = Taken(), False, 0
        self._in_a_row = Counter[str]()  # by endpoint: the failures since its last success
        self.last: tuple[str, bytes] = "", b""  # the token and body of the last event that was taken
        self._chance, self._over, self._counting = random.Random(7), threading.Event(), threading.Lock()
        self.vendor = vendors.answering(self.reply)

    def reply(self, request_line: str, body: bytes, headers: dict[str, str]) -> bytes:
        if request_line == "POST /auth/o2/token":
            refresh = parse_qs(body.decode()).get("refresh_token", [secrets.token_hex(8)])[0]
            tokens = {"access_token": "Atza|" + secrets.token_hex(8), "refresh_token": refresh, "expires_in": 3600}
            return answer(json.dumps(tokens | {"token_type": "bearer"}).encode())
        if request_line == "GET /v1/alexaApiEndpoint":
            return answer(json.dumps({"endpoints": [self.vendor.url]}).encode())
        self.seen += 1
        message = json.loads(body)
        endpoint = message["event"].get("endpoint", {}).get("endpointId", "")
        return self._event(message, endpoint, headers["authorization"].removeprefix("Bearer "), self._fault(endpoint))

    def end(self) -> None:
        self._over.set()

    def _fault(self, endpoint: str) -> str:
        if not self.faults:
            return ""
        with self._counting:
            [name] = self._chance.choices([*CHANCES], [*CHANCES.values()])
            name = "" if self._in_a_row[endpoint] == IN_A_ROW else name
            self._in_a_row[endpoint] = self._in_a_row[endpoint] + 1 if name else 0
        return name

    def _event(self, message: dict[str, Any], endpoint: str, bearer: str, fault: str) -> bytes:
        match fault:
            case "429":
                return _refused("429 Too Many Requests", "THROTTLING_EXCEPTION")
            case "500":
                return _refused("500 Internal Server Error", "INTERNAL_SERVICE_EXCEPTION")
            case "401":
                return _refused("401 Unauthorized", "INVALID_ACCESS_TOKEN_EXCEPTION")
            case "hang":
                self._over.wait(HANG_S)
                raise ConnectionAbortedError
        if amazon.check(message, bearer):
            return _refused("400 Bad Request", "INVALID_REQUEST_EXCEPTION")
        header = message["event"]["header"]
        self.last = bearer, json.dumps(message).encode()
        self.taken.messages.append((header["messageId"], header["name"], endpoint, time.time()))
        if fault == "cut":
            raise ConnectionAbortedError  # it was taken, and nobody learns so
        return answer(b"", "202 Accepted")


def _refused(status: str, code: str) -> bytes:
    return answer(json.dumps({"header": {}, "payload": {"code": code, "description": "no"}}).encode(), status)
