"""What vendors write, made fit to be kept and sent on."""

import pytest

from showcam.net.text import line, mended


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'{"a": "Garden \ud83c"}', b'{"a": "Garden "}'),
        (rb'["\udf33Garden\uD83C"]', b'["Garden"]'),
        (rb'{"a": "\ud83c\u00e5\udf33"}', rb'{"a": "\u00e5"}'),
        (rb'{"a": "\ud83c\ud83c\udf33"}', rb'{"a": "\ud83c\udf33"}'),
        (rb' {"a": "\ud83c\udf33 \uDBFF\uDFFF"}', rb' {"a": "\ud83c\udf33 \uDBFF\uDFFF"}'),
        (rb'{"a": "C:\\ud83c, \"\\\ud83c\""}', rb'{"a": "C:\\ud83c, \"\\\""}'),
        (rb'{"a": "\ud83', rb'{"a": "\ud83'),
        (rb"#EXTM3U \ud83c", rb"#EXTM3U \ud83c"),
        (b"", b""),
    ],
)
def test_halves_of_characters_are_left_out_of_json(body: bytes, expected: bytes) -> None:
    assert mended(body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Garden", "Garden"),
        ("  Front \n Door\t", "Front Door"),
        ("Kari’s room", "Kari’s room"),
        ("Garden \ud83c", "Garden"),
        ("\ufffdGarden\x00\x85gate", "Garden gate"),
        ("👩\u200d👧 در\u200cها", "👩\u200d👧 در\u200cها"),
        ("\x07\ud83c", ""),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_name_is_one_line(text: object, expected: str) -> None:
    assert line(text) == expected
