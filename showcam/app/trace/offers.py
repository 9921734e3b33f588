"""Describes an assistant's offer and the answer for a trace: the lines of the SDP that an allow list admits.

The last offers are kept in a file of the data folder. No user name, password, fingerprint, address, SSRC or name of a
stream is in it.
"""

import os
import queue
import re
import threading
import time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from showcam.engine.client import Answer
from showcam.engine.grants import Claims
from showcam.engine.source import SourceSpec
from showcam.net.addresses import is_in_house, is_public
from showcam.registry.streams.handover import Pictures

type Small = Annotated[int, Meta(ge=0, le=99_999)]
type Assistant = Literal["alexa", "google"]
_CODEC = (
    "(?i:VP8|VP9|H264|H265|AV1|rtx|red|ulpfec|flexfec-03|opus|PCMU|PCMA|G722|CN|telephone-event|ISAC|ILBC|multiopus"
    "|other)"
)
_PARAMETER = (
    "(profile-level-id|packetization-mode|level-asymmetry-allowed|apt|useinbandfec|minptime|stereo|sprop-stereo|usedtx)"
    "=[0-9a-fA-F]{1,6}"
)
# each line that a trace may hold; a port is 0, 9 or any other
LINE = (
    r"^(m=(audio|video|application) (0|9|any) (UDP/TLS/RTP/SAVPF|UDP/TLS/RTP/SAVP|RTP/SAVPF|UDP/DTLS/SCTP)"
    r"( [0-9]{1,3}){0,64}( webrtc-datachannel)?"
    rf"|a=rtpmap:[0-9]{{1,3}} {_CODEC}/[0-9]{{1,7}}(/[0-9])?"
    rf"|a=fmtp:[0-9]{{1,3}} {_PARAMETER}(;{_PARAMETER}){{0,31}}"
    r"|a=rtcp-fb:([0-9]{1,3}|\*) (nack|nack pli|ccm fir|goog-remb|transport-cc)"
    r"|a=candidate (host|srflx|prflx|relay|other) (udp|tcp|other) (public|private|mdns|other)"
    r"|a=group:BUNDLE [0-9]{1,2}|a=ice-options:trickle|a=ice-lite|a=rtcp-mux|a=extmap|a=ssrc|a=msid"
    r"|a=setup:(actpass|active|passive)|a=(sendrecv|sendonly|recvonly|inactive))\Z"
)
_ADMITTED = re.compile(LINE)
_CANDIDATE = re.compile(r"a=candidate:\S+ \d+ (\w+) \d+ (\S+) \d+ typ (\w+)", re.ASCII)
MOST_LINES = 400


class Sdp(Struct, frozen=True, tag="sdp", tag_field="line"):
    """An offer or an answer. `ms`: from the offer to the answer. `size`: of the whole, in characters."""

    is_offer: bool
    surface: Assistant
    size: Small
    ms: Small
    lines: tuple[Annotated[str, Meta(pattern=LINE)], ...]


def outlined(sdp: str, surface: Assistant, *, is_offer: bool, ms: int = 0) -> Sdp:
    shapes = map(_shape, sdp.replace("\r", "").split("\n")[:MOST_LINES])
    admitted = tuple(shape for shape in shapes if _ADMITTED.match(shape))
    return Sdp(is_offer, surface, min(len(sdp), 99_999), max(0, min(ms, 99_999)), admitted)


def _shape(line: str) -> str:
    """The line without ports, addresses and the names of streams; what LINE does not admit is then left out."""
    if candidate := _CANDIDATE.match(line):
        kind = _one_of(candidate[3], ("host", "srflx", "prflx", "relay"))
        return f"a=candidate {kind} {_one_of(candidate[1].lower(), ('udp', 'tcp'))} {_place(candidate[2])}"
    name, _, value = line.partition(":")
    match name:
        case "a=group":
            return f"a=group:BUNDLE {len(value.split()) - 1}" if value.startswith("BUNDLE ") else ""
        case "a=extmap" | "a=ssrc" | "a=msid":
            return name
        case "a=rtpmap":
            return re.sub(rf" (?!{_CODEC}/)[\w.-]+/", " other/", line)
        case "a=fmtp":
            number, _, parameters = value.partition(" ")
            known = [part.strip() for part in parameters.split(";") if re.fullmatch(_PARAMETER, part.strip())]
            return f"{name}:{number} {';'.join(known)}"
        case _:
            return re.sub(r"^(m=\w+ )(?!0 |9 )[0-9]+", r"\1any", line)


def _place(address: str) -> str:
    if address.endswith(".local"):
        return "mdns"
    return "private" if is_in_house(address) else "public" if is_public(address) else "other"


def _one_of(word: str, known: tuple[str, ...]) -> str:
    return word if word in known else "other"


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
