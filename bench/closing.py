"""How long a live picture outlasts its gate: from Image Encryption switched on at the vendor to the stream's end.

In each turn both kinds of viewer watch while snapshots are fetched now and then, each of which makes a reading; and the
switch falls at another moment between two gate checks. WebRTC ends with its connection, HLS with its last playlist; a
player may still hold segments of it.
"""

import asyncio
import random
import statistics
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, Row
from tests.doubles.linking import link
from tests.doubles.program import Program, running
from tests.doubles.rtc_viewer import Viewer

TIMES = 10
LONGEST_S = 3.0
PACE_S = 2.0  # between two gate checks
PAUSE_S = (0.2, 2.2)  # between two snapshots
GIVE_UP_S = 60.0


def measure(run: Run) -> Results:
    settings: dict[str, Any] = {"SHOWCAM_OPENS_PER_MINUTE": "600", "SHOWCAM_EXPLAIN": "no"}
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), troubled=True, forked=False, **settings) as program,
    ):
        closing = Closing(program)
        taken = []
        for turn in range(3 if run.quick else TIMES):
            say(f"Outlasted: {turn + 1} of {3 if run.quick else TIMES}")
            taken.append(asyncio.run(closing.outlasted_s()))
    for name, runs in zip(("WebRTC", "HLS"), zip(*taken, strict=True), strict=True):
        what = f"a live picture after its gate closed, {name}"
        yield Row(f"{what}, the longest", "s", max(runs), bound=Bound(most=LONGEST_S), runs=runs)
        yield Row(f"{what}, the median", "s", statistics.median(runs), runs=runs)


class Closing:
    """A camera of the demo, to which Alexa is linked; the Garden, whose gate Image Encryption closes, if no other."""

    camera = "Garden"

    def __init__(self, program: Program, token: str = "") -> None:
        """`token`: of another household's link."""
        self._program = program
        media = f"http://127.0.0.1:{program.media_port}"
        # by server: /healthz, at worst, while videos were watched
        self._slowest_s = dict.fromkeys((program.web, media, program.simulator), 0.0)
        self._token = token or link(program.web, "alexa", "demo@example.com", "showcam-demo")
        scope = {"type": "BearerToken", "token": self._token}
        found = self._send({"header": _header("Alexa.Discovery", "Discover"), "payload": {"scope": scope}})
        camera = next(row for row in found["payload"]["endpoints"] if row["friendlyName"] == self.camera)
        self._endpoint = {"scope": scope, "endpointId": camera["endpointId"], "cookie": {}}

    def close(self) -> None:
        self._program.change(self.camera, encryption=True)

    def open(self) -> None:
        self._program.change(self.camera, encryption=False)

    def most_s(self) -> float:
        """LONGEST_S and what a busy machine adds: simulator, web and engine each take as long as /healthz at worst."""
        return LONGEST_S + 3 * max(self._slowest_s.values())

    async def outlasted_s(self) -> tuple[float, float]:
        """Seconds that WebRTC and HLS last after the gate has closed."""
        viewer, over = Viewer(), threading.Event()
        meanwhile = [threading.Thread(target=self._fetch_stills, args=(over,), daemon=True)]
        for server in self._slowest_s:
            meanwhile.append(threading.Thread(target=self._ask_health, args=(over, server), daemon=True))
        try:
            offer = {"sessionId": str(uuid.uuid4()), "offer": {"format": "SDP", "value": await viewer.offer()}}
            for thread in meanwhile:
                thread.start()
            answer = await self._wait_for("answer", "Alexa.RTCSessionController", "InitiateSessionWithOffer", offer)
            await viewer.accept(answer["value"])
            await viewer.until(lambda: viewer.pictures)
            lists = await self._playlist()
            await asyncio.sleep(1.0 + random.random() * PACE_S)
            watching = asyncio.create_task(asyncio.to_thread(_last_list, lists))
            await asyncio.to_thread(self.close)
            closed = time.monotonic()
            await viewer.until(lambda: viewer.connection.connectionState == "closed", GIVE_UP_S)
            ended = time.monotonic()
            return max(0.0, ended - closed), max(0.0, await watching - closed)
        finally:
            over.set()
            await viewer.close()
            for thread in meanwhile:
                await asyncio.to_thread(thread.join)
            await asyncio.to_thread(self.open)

    async def _playlist(self) -> str:
        wanted = {"cameraStreams": [{"protocol": "HLS"}]}
        streams = await self._wait_for(
            "cameraStreams", "Alexa.CameraStreamController", "InitializeCameraStreams", wanted
        )
        master: str = streams[0]["uri"]
        async with asyncio.timeout(GIVE_UP_S):  # it has no list before the first segment
            while (answer := await asyncio.to_thread(requests.get, master, timeout=GIVE_UP_S)).status_code != 200:
                await asyncio.sleep(0.5)
        return urljoin(master, next(line for line in answer.text.splitlines() if line and line[0] != "#"))

    def _fetch_stills(self, over: threading.Event) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        while not over.wait(random.uniform(*PAUSE_S)):
            with suppress(requests.RequestException):
                answered = self._directive("Alexa.SmartVision.SnapshotProvider", "GetSnapshot", {})
                if uri := answered["payload"].get("value", {}).get("uri"):
                    requests.get(uri, headers=headers, timeout=GIVE_UP_S)

    def _ask_health(self, over: threading.Event, server: str) -> None:
        while not over.wait(0.1):
            asked = time.monotonic()
            with suppress(requests.RequestException):
                requests.get(f"{server}/healthz", timeout=GIVE_UP_S)
            self._slowest_s[server] = max(self._slowest_s[server], time.monotonic() - asked)

    async def _wait_for(self, what: str, namespace: str, name: str, payload: dict[str, Any]) -> Any:
        """A field of the answer; the directive is repeated until it is there, while the vendor is still encrypted."""
        async with asyncio.timeout(GIVE_UP_S):
            while True:
                answered = await asyncio.to_thread(self._directive, namespace, name, payload)
                if what in answered["payload"]:
                    return answered["payload"][what]
                await asyncio.sleep(0.5)

    def _directive(self, namespace: str, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        header = {**_header(namespace, name), "correlationToken": "c"}
        return self._send({"header": header, "endpoint": self._endpoint, "payload": payload})

    def _send(self, directive: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(
            f"{self._program.web}/alexa/smart-home", json={"directive": directive}, timeout=GIVE_UP_S
        )
        return dict(answer.json()["event"])


def _header(namespace: str, name: str) -> dict[str, str]:
    return {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": str(uuid.uuid4())}


def _last_list(url: str) -> float:
    """The time of the last playlist, monotonic s."""
    last = time.monotonic()
    with requests.Session() as session:
        while session.get(url, timeout=GIVE_UP_S).status_code == 200:
            last = time.monotonic()
            time.sleep(0.05)
    return last
