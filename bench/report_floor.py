"""The floor of reports as a process: a ready event by a kept connection at each tick; nothing is read, kept or made."""

import json
import ssl
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from pathlib import Path
from queue import LifoQueue

CONNECTIONS = 16


def main(gateway_at: str, ca_file: Path, rate: int, count: int) -> None:
    """`sys.stdin`: the token and the event, a line each."""
    bearer, event = sys.stdin.readline().strip(), json.loads(sys.stdin.readline())
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    context = ssl.create_default_context(cafile=str(ca_file))
    idle: LifoQueue[HTTPSConnection] = LifoQueue()
    for _ in range(CONNECTIONS):
        idle.put(HTTPSConnection(gateway_at, context=context, timeout=30))

    def post(due: float) -> None:
        header = event["event"]["header"] | {"messageId": id_of(due)}
        body = json.dumps({**event, "event": {**event["event"], "header": header}})
        connection = idle.get()
        connection.request("POST", "/v3/events", body, headers)
        connection.getresponse().read()
        idle.put(connection)

    began = time.time()
    with ThreadPoolExecutor(CONNECTIONS) as senders:
        for number in range(count):
            due = began + number / rate
            time.sleep(max(0.0, due - time.time()))
            senders.submit(post, due)


def id_of(due: float) -> str:
    """A message id that says when the event was due, epoch seconds."""
    return str(uuid.UUID(int=round(1e6 * due)))


def due_of(message_id: str) -> float:
    return uuid.UUID(message_id).int / 1e6


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
