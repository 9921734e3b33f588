"""What counts as a JPEG of what a vendor or a camera sent, without decoding it."""

import io
from typing import Any

import pytest
from PIL import Image

from showcam.net.jpeg import LARGEST, MOST_PIXELS, is_whole


def drawn(size: tuple[int, int] = (64, 36), **how: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (20, 90, 80)).save(made, "JPEG", **how)
    return made.getvalue()


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"quality": 5}, {"comment": b"x" * 60_000}])
def test_pictures_of_another_program_are(how: dict[str, Any]) -> None:
    assert is_whole(drawn(**how))
    assert is_whole(drawn(**how) + b"\x00" * 16)  # as a vendor fills it up


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0 a picture \xff\xd9",
        b"<html>504 Gateway Time-out</html>",
        drawn()[: len(drawn()) // 2],
        drawn()[:-2],
        drawn().replace(b"\xff\xc0\x00\x11\x08\x00\x24", b"\xff\xc0\x00\x11\x08\x00\x00"),  # no height
        b"\xff\xd8" + b"\xff" * 4096,
        b"\xff\xd8" + b"\xff\xe0\x00\x00" * 4096,
        drawn() + b"\xff\xd9" * (LARGEST // 2),
    ],
    ids=["nothing", "2 bytes", "no marks", "a page", "half", "no end", "no height", "filled up", "no lengths", "large"],
)
def test_anything_else_is_not(data: bytes) -> None:
    assert not is_whole(data)


def test_nor_is_a_picture_too_large_to_decode() -> None:
    header = b"\xff\xc0\x00\x11\x08"
    assert header in drawn()
    wide = drawn().replace(header + b"\x00\x24\x00\x40", header + b"\x00\x24" + (MOST_PIXELS + 1).to_bytes(2))
    assert not is_whole(wide)
