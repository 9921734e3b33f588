"""Describes an assistant's offer and the answer for a trace: the shape of the SDP, by an allow list.

The last offers are kept in a file of the data folder. No user name, password, fingerprint, address, SSRC or name of a
stream is in it.
"""

import os
import queue
import re
import threading
import time
from collections.abc import Iterator
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
type Codec = Literal[
    "VP8", "VP9", "H264", "H265", "AV1", "rtx", "red", "ulpfec", "flexfec-03", "opus", "PCMU", "PCMA", "G722", "CN",
    "telephone-event", "ISAC", "ILBC", "multiopus", "other",
]  # fmt: skip
type Assistant = Literal["alexa", "google"]
type Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive", "none"]
type Feedback = Literal["nack", "nack pli", "ccm fir", "goog-remb", "transport-cc", "other"]
type Place = Literal["public", "private", "mdns", "other"]
_WORDS = {"fmtp": ("profile-level-id", "packetization-mode", "level-asymmetry-allowed", "apt", "useinbandfec",
                   "minptime", "stereo", "sprop-stereo", "usedtx")}  # fmt: skip


# such as "host udp private"
type Candidate = Annotated[
    str, Meta(pattern=r"^(host|srflx|prflx|relay|other) (udp|tcp|other) (public|private|mdns|other)\Z")
]


class Payload(Struct, frozen=True):
    """A codec of a media section. `numbers` are its parameters, each by a known name; a profile is a number too."""

    number: Annotated[int, Meta(ge=0, le=127)]
    codec: Codec
    clock: Annotated[int, Meta(ge=0, le=1_000_000)]
    numbers: dict[
        Literal[
            "profile-level-id", "packetization-mode", "level-asymmetry-allowed", "apt", "useinbandfec", "minptime",
            "stereo", "sprop-stereo", "usedtx",
        ],
        Annotated[int, Meta(ge=0, le=0xFFFFFF)],
    ]  # fmt: skip
    feedback: tuple[Feedback, ...]


class Section(Struct, frozen=True):
    kind: Literal["audio", "video", "application", "other"]
    port: Literal["zero", "nine", "other"]
    protocol: Literal["UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "UDP/DTLS/SCTP", "other"]
    direction: Direction
    payloads: tuple[Payload, ...]
    candidates: dict[Candidate, Small]  # how many

    setup: Literal["actpass", "active", "passive", "none"]
    extensions: Small
    has_mux: bool
    has_ssrc: bool
    has_msid: bool


class Sdp(Struct, frozen=True, tag="sdp", tag_field="line"):
    """An offer or an answer. `ms`: from the offer to the answer."""

    is_offer: bool
    surface: Assistant
    size: Small
    ms: Small
    bundled: Small
    trickles: bool
    is_lite: bool
    sections: tuple[Section, ...]


type AssistantLine = Sdp
_RTPMAP = re.compile(r"a=rtpmap:(\d{1,3}) ([\w.-]+)/(\d{1,7})(?:/\d)?", re.ASCII)
_FMTP = re.compile(r"a=fmtp:(\d{1,3}) (.*)", re.ASCII)
_FEEDBACK = re.compile(r"a=rtcp-fb:(\d{1,3}|\*) (.*)", re.ASCII)
_CANDIDATE = re.compile(r"a=candidate:\S+ \d+ (\w+) \d+ (\S+) \d+ typ (\w+)", re.ASCII)
_MEDIA = re.compile(r"m=(\w+) (\d+) (\S+)", re.ASCII)
MOST_SECTIONS, MOST_LINES = 8, 1000


def outlined(sdp: str, surface: Assistant, *, is_offer: bool, ms: int = 0) -> Sdp:
    lines = sdp.replace("\r", "").split("\n")[:MOST_LINES]
    starts = [at for at, line in enumerate(lines) if line.startswith("m=")][:MOST_SECTIONS]
    head = lines[: starts[0]] if starts else lines
    bundle = next((line for line in head if line.startswith("a=group:BUNDLE")), "")
    sections = tuple(_section(lines[begin:end]) for begin, end in zip(starts, [*starts[1:], len(lines)], strict=True))
    return Sdp(
        is_offer,
        surface,
        min(len(sdp), 99_999),
        max(0, min(ms, 99_999)),
        len(bundle.split()[1:]),
        any(line.startswith("a=ice-options:") and "trickle" in line for line in lines),
        "a=ice-lite" in head,
        sections,
    )


def _section(lines: list[str]) -> Section:
    media = _MEDIA.match(lines[0])
    kind, port, protocol = media.groups() if media else ("", "", "")
    setup = next((line.removeprefix("a=setup:") for line in lines if line.startswith("a=setup:")), "none")
    direction = next((line[2:] for line in lines if line[2:] in get_args(Direction.__value__)), "none")
    candidates: dict[str, int] = {}
    for words in filter(None, map(_CANDIDATE.match, lines)):
        shape = f"{_one_of(words[3], _TYPES)} {_one_of(words[1].lower(), ('udp', 'tcp'))} {_place(words[2])}"
        candidates[shape] = candidates.get(shape, 0) + 1
    return Section(
        _one_of(kind, ("audio", "video", "application")),  # type: ignore[arg-type]
        "zero" if port == "0" else "nine" if port == "9" else "other",
        _one_of(protocol, ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "UDP/DTLS/SCTP")),  # type: ignore[arg-type]
        direction,  # type: ignore[arg-type]
        tuple(_payloads(lines)),
        candidates,
        setup if setup in ("actpass", "active", "passive") else "none",  # type: ignore[arg-type]
        sum(line.startswith("a=extmap:") for line in lines),
        "a=rtcp-mux" in lines,
        any(line.startswith("a=ssrc:") for line in lines),
        any(line.startswith("a=msid:") for line in lines),
    )


_TYPES = ("host", "srflx", "prflx", "relay")


def _payloads(lines: list[str]) -> Iterator[Payload]:
    known: dict[str, Codec] = {name.casefold(): name for name in get_args(Codec.__value__)}
    feedback: dict[str, Feedback] = {word: word for word in get_args(Feedback.__value__)}
    for mapped in filter(None, map(_RTPMAP.fullmatch, lines)):
        number = int(mapped[1])
        if number > 127:
            continue
        numbers: dict[str, int] = {}
        for found in filter(None, map(_FMTP.fullmatch, lines)):
            if int(found[1]) == number:
                numbers |= _numbers(found[2])
        said = [
            found[2].strip() for found in filter(None, map(_FEEDBACK.fullmatch, lines)) if found[1] in (mapped[1], "*")
        ]
        yield Payload(
            number,
            known.get(mapped[2].casefold(), "other"),
            min(int(mapped[3]), 1_000_000),
            numbers,  # type: ignore[arg-type]
            tuple(dict.fromkeys(feedback.get(word, "other") for word in said)),
        )


def _numbers(parameters: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parameters.split(";")[:32]:
        name, _, value = part.strip().partition("=")
        base = 16 if name == "profile-level-id" else 10
        if name in _WORDS["fmtp"] and re.fullmatch(r"[0-9a-fA-F]{1,6}", value):
            try:
                found[name] = int(value, base)
            except ValueError:
                continue
    return found


def _place(address: str) -> Place:
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
