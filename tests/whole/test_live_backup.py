"""A backup of the running demo while eight viewers watch and links are made."""

import asyncio
import json
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.doubles.linking import link_tokens
from tests.doubles.program import Program, running
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import LONG_S, until
from tests.whole.test_backup import PHRASE

pytestmark = [
    pytest.mark.process,
    pytest.mark.proves("A backup of a running showcam is complete and can be restored"),
]

USER, PASSWORD = "demo@example.com", "showcam-demo"


def google(program: Program, token: str, intent: str, payload: dict[str, Any]) -> requests.Response:
    return requests.post(
        f"{program.web}/google/fulfillment",
        json={"requestId": "1", "inputs": [{"intent": f"action.devices.{intent}", "payload": payload}]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=LONG_S,
    )


def linked(tokens: dict[str, str]) -> str:
    """The id of their link."""
    return tokens["access_token"].split(".")[1]


def stream(program: Program, token: str, protocol: str) -> tuple[str, str]:
    """The garden's: its id, and where it is fetched or signalled."""
    devices = google(program, token, "SYNC", {}).json()["payload"]["devices"]
    device = next(device["id"] for device in devices if device["name"]["name"] == "Garden")
    params = {"StreamToChromecast": True, "SupportedStreamProtocols": [protocol]}
    execution = [{"command": "action.devices.commands.GetCameraStream", "params": params}]
    commands = {"commands": [{"devices": [{"id": device}], "execution": execution}]}
    results: list[dict[str, Any]] = []

    def is_had() -> bool:
        """Google is answered within two seconds, and asks again if a busy machine takes longer."""
        results[:] = google(program, token, "EXECUTE", commands).json()["payload"]["commands"]
        return bool(results[0]["status"] == "SUCCESS")

    until(is_had)
    states = results[0]["states"]
    return device, states["cameraStreamSignalingUrl" if protocol == "webrtc" else "cameraStreamAccessUrl"]


class Segments:
    """A display that plays HLS: it follows the playlist and fetches each segment."""

    def __init__(self, master: str) -> None:
        self._master, self.fetched = master, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(LONG_S)

    def _play(self) -> None:
        with requests.Session() as http:
            until(lambda: http.get(self._master, timeout=LONG_S).status_code == 200)
            first = http.get(self._master, timeout=LONG_S)
            playlist = urljoin(self._master, first.text.strip().splitlines()[-1])
            names_so_far: set[str] = set()
            while not self._over.wait(0.2):
                for name in re.findall(r"^[^#\s].*$", http.get(playlist, timeout=LONG_S).text, re.MULTILINE):
                    if name not in names_so_far:
                        names_so_far.add(name)
                        self.fetched += http.get(urljoin(playlist, name), timeout=LONG_S).status_code == 200


MOST_LINKS = 20  # an account may be linked thirty times an hour, and others link it too


class Links:
    """Makes one link after another, from the sign-in page to tokens, until it is stopped, and MOST_LINKS at most."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.made: list[tuple[float, dict[str, str]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._link)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(2 * LONG_S)

    def _link(self) -> None:
        while len(self.made) < MOST_LINKS and not self._over.wait(0.03):
            tokens = link_tokens(self._program.web, "google", USER, PASSWORD)
            self.made.append((time.monotonic(), tokens))


def answered(url: str, offer: dict[str, str]) -> str:
    """The SDP answer; a display asks again if a busy machine takes longer than it waits."""
    answers: list[requests.Response] = []

    def is_had() -> bool:
        answers.append(requests.post(url, json=offer, timeout=LONG_S))
        return answers[-1].status_code == 200

    until(is_had)
    return str(answers[-1].json()["sdp"])


async def watched(program: Program, token: str, count: int, meanwhile: Callable[[], None]) -> None:
    """While that many displays play by WebRTC, and see pictures before, during and after."""
    viewers = [Viewer() for _ in range(count)]
    try:
        for viewer in viewers:
            device, url = await asyncio.to_thread(stream, program, token, "webrtc")
            offer = {"action": "offer", "deviceId": device, "sdp": await viewer.offer()}
            await viewer.accept(await asyncio.to_thread(answered, url, offer))
        for viewer in viewers:
            await viewer.until(lambda viewer=viewer: len(viewer.pictures) > 5, within_s=LONG_S)
        await asyncio.to_thread(meanwhile)
        before = [len(viewer.pictures) for viewer in viewers]
        for viewer, had in zip(viewers, before, strict=True):
            await viewer.until(lambda viewer=viewer, had=had: len(viewer.pictures) > had + 5, within_s=LONG_S)
    finally:
        for viewer in viewers:
            await viewer.close()


def elsewhere(old: Program, folder: Path) -> Program:
    """An empty data folder at the same addresses, with the same vendor."""
    new = Program(folder, demo=True)
    new.port, new.media_port, new.simulator_port = old.port, old.media_port, old.simulator_port
    new.environ = old.environ | {"SHOWCAM_DATA": str(new.data)}
    return new


def test_a_backup_while_eight_watch_and_links_are_made_is_whole_and_serves(tmp_path: Path) -> None:
    file, phrase = tmp_path / "backup", tmp_path / "phrase"
    phrase.write_text(f"{PHRASE}\n")
    with running(tmp_path, troubled=True, SHOWCAM_SIGN_INS_PER_USER="1000") as program:
        token = link_tokens(program.web, "google", USER, PASSWORD)["access_token"]
        segments = [Segments(stream(program, token, "hls")[1]) for _ in range(4)]
        links = Links(program)
        began = 0.0

        def back_up() -> None:
            nonlocal began
            links.start()
            until(lambda: bool(links.made) and all(segment.fetched for segment in segments))
            began = time.monotonic()
            done = program.command(
                "backup", str(file), "--demo", "--with-keys", f"--passphrase-file={phrase}", "--json"
            )
            links.stop()
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["keys"] is True
            fetched = [segment.fetched for segment in segments]
            until(lambda: all(segment.fetched > before + 1 for segment, before in zip(segments, fetched, strict=True)))

        try:
            asyncio.run(watched(program, token, 4, back_up))
        finally:
            for segment in segments:
                segment.stop()
        refused = program.command("restore", str(file), "--demo", f"--passphrase-file={phrase}")
        assert (refused.returncode, "is running on" in refused.stderr) == (2, True)
    assert [path.name for path in tmp_path.glob("*backup*")] == ["backup"]
    assert file.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        whole = raw.execute("SELECT link, group_concat(kind) FROM (SELECT * FROM token ORDER BY kind) GROUP BY link")
        kinds = dict(whole.fetchall())
    assert {*kinds.values()} == {"access,refresh"}
    assert {linked(tokens) for at, tokens in links.made if at < began} <= {*kinds}

    (tmp_path / "new").mkdir()
    new = elsewhere(program, tmp_path / "new")
    restored = new.command("restore", str(file), "--demo", f"--passphrase-file={phrase}")
    assert restored.returncode == 0, restored.stderr
    shutil.copytree(program.data / "simulator", new.data / "simulator")  # the vendor's own memory
    new.start()
    try:
        for _, tokens in links.made:
            status = google(new, tokens["access_token"], "SYNC", {}).status_code
            assert status == (200 if linked(tokens) in kinds else 401)
        _device, master = stream(new, token, "hls")
        until(lambda: requests.get(master, timeout=LONG_S).status_code == 200)
    finally:
        new.stop()
