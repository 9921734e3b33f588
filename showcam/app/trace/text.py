"""A trace as a file: one JSON object a line, at most 200 KB, each line checked against its type when it is written."""

from collections.abc import Sequence

import msgspec

from showcam.app.trace.offers import Sdp
from showcam.drivers.ezviz.trace_lines import Cut, Frames, Line, Trace

MOST = 200_000  # bytes

__all__ = ["MOST", "AnyLine", "Trace", "read", "written"]

type AnyLine = Line | Sdp
_DECODER = msgspec.json.Decoder(Line | Sdp)


def written(lines: Sequence[AnyLine]) -> bytes:
    """Lines that their type does not admit are left out; so are the last frames of each session if it is too large."""
    texts = [(line, text) for line in lines if (text := _text(line))]
    over, gone = sum(len(text) + 1 for _, text in texts) - MOST, 0
    if over > 0:
        for at in range(len(texts) - 1, -1, -1):
            if over + 40 <= 0:
                break
            line, text = texts[at]
            if isinstance(line, Frames):
                over, gone = over - len(text) - 1, gone + 1
                texts[at] = (line, b"")
        texts.append((Cut(gone), _text(Cut(gone))))
    return b"".join(text + b"\n" for _, text in texts if text)


def read(text: bytes) -> list[AnyLine]:
    """Raises msgspec.ValidationError, msgspec.DecodeError."""
    return [_DECODER.decode(line) for line in text.splitlines()]


def _text(line: AnyLine) -> bytes:
    """A line as text; b"" if its type does not admit it, so that nothing unforeseen is written."""
    text = msgspec.json.encode(line)
    try:
        _DECODER.decode(text)
    except msgspec.MsgspecError:
        return b""
    return text
