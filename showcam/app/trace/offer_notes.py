"""Keeps the shape of the last offers of each assistant and of their answers, in a file of the data folder.

Only what a trace may tell is kept, so that nothing secret is in the file.
"""

import os
import queue
import threading
import time
from pathlib import Path
from typing import Any, get_args

import msgspec

from showcam.app.trace.offers import Assistant, Sdp, outlined
from showcam.engine.client import Answer
from showcam.engine.grants import Claims
from showcam.engine.source import SourceSpec
from showcam.registry.streams.handover import Pictures

KEPT = 12  # lines: an offer and its answer are two
_DECODER = msgspec.json.Decoder(Sdp)


class OfferNotes:
    """The media process as the registry knows it; each offer that it answers is noted behind the answer."""

    def __init__(self, pictures: Pictures, folder: Path) -> None:
        self._pictures, self._folder = pictures, folder
        self._queue: queue.SimpleQueue[tuple[Assistant, str, str, int]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pictures, name)

    def answer(self, claims: Claims, source: SourceSpec | None, sdp: str, **more: Any) -> Answer:
        began = time.monotonic()
        answer = self._pictures.answer(claims, source, sdp, **more)
        if claims.surface in get_args(Assistant.__value__):
            ms = round((time.monotonic() - began) * 1000)
            self._queue.put((claims.surface, sdp, answer.sdp, ms))  # type: ignore[arg-type]
            if self._worker is None:
                self._worker = threading.Thread(target=self._write, name="offers", daemon=True)
                self._worker.start()
        return answer

    def _write(self) -> None:
        while True:
            surface, offer, answer, ms = self._queue.get()
            new = [outlined(offer, surface, is_offer=True), outlined(answer, surface, is_offer=False, ms=ms)]
            lines = [*read(self._folder, surface), *new][-KEPT:]
            text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            try:
                _replace(_file(self._folder, surface), text)
            except OSError:
                continue  # a full disk must not cost a picture


def read(folder: Path, surface: Assistant) -> list[Sdp]:
    """The kept offers, the newest last."""
    try:
        return [_DECODER.decode(line) for line in _file(folder, surface).read_bytes().splitlines()]
    except (OSError, msgspec.MsgspecError):
        return []


def _file(folder: Path, surface: Assistant) -> Path:
    return folder / f"offers-{surface}.ndjson"


def _replace(file: Path, text: bytes) -> None:
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(text)
    new.replace(file)
