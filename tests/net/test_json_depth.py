"""How deep a JSON text is, whatever its strings hold, and what of it is left when it is cut to a depth."""

import pytest

from showcam.net.text import shallow, too_deep


def nested(depth: int, inner: bytes = b"") -> bytes:
    return b'{"a":[' * (depth // 2) + inner + b"]}" * (depth // 2)


@pytest.mark.parametrize(
    ("data", "deep"),
    [
        (b"", False),
        (b"{}", False),
        (nested(64), False),
        (nested(66), True),
        (b"[" * 65, True),
        (b"[" * 100_000, True),
        (b'{"a":' * 100_000, True),
        (b"[" + b",".join([b"{}"] * 1000) + b"]", False),
        (b"[" + b",".join([nested(62)] * 50) + b"]", False),
        (b"[" + b",".join([nested(64)] * 50) + b"]", True),
        (b'["' + b"[{" * 1000 + b'"]', False),
        (b'["\\"' + b"[{" * 1000 + b'"]', False),
        (b'["\\\\",' + b"[" * 1000, True),
        (b'["\\\\\\"' + b"[" * 1000 + b'"]', False),
        (b'"' + b"[" * 1000, False),
        (b'"\\' + b"[" * 1000, False),
        (b'"\\\n"' + b"[" * 1000, True),
        (("[\u00e5[" * 40).encode(), True),
        (b"\xff" * 10 + b"[" * 100, True),
        (nested(64, b'"' + b"]" * 200 + b'"'), False),
        (nested(66, b'"' + b"]" * 200 + b'"'), True),
    ],
)
def test_depth_counts_outside_strings(data: bytes, deep: bool) -> None:
    assert too_deep(data) is deep


def test_the_limit_is_the_callers() -> None:
    assert too_deep(b"[[[", 2)
    assert not too_deep(b"[[]]", 2)


@pytest.mark.parametrize(
    ("data", "depth", "left"),
    [
        (b"", 1, b""),
        (b"{}", 1, b"{}"),
        (b'{"a":1}', 1, b'{"a":1}'),
        (b'{"a":{"b":1},"c":2}', 1, b'{"a":null,"c":2}'),
        (b'{"a":{"b":[1]},"c":2}', 2, b'{"a":{"b":null},"c":2}'),
        (b'{"a":{"b":[1]},"c":2}', 3, b'{"a":{"b":[1]},"c":2}'),
        (b'{"a":[1],"b":[2],"c":3}', 1, b'{"a":null,"b":null,"c":3}'),
        (b'{"a":"[{","b":"\\"]"}', 1, b'{"a":"[{","b":"\\"]"}'),
        (b'{"a":1,"b":' + b"[" * 1000, 1, b'{"a":1,"b":null}'),
        (b'{"a":1,"b":' + b"[" * 1000 + b"]" * 1000 + b',"c":2}', 1, b'{"a":1,"b":null,"c":2}'),
        (b'{"a":1,"b":' + b"[" * 100_000, 1, b'{"a":1,"b":null}'),
        (b'{"a":{"b":1', 2, b'{"a":{"b":1}}'),
        (b'{"a":1}]]', 1, b'{"a":1}]]'),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_left_down_to_a_depth(data: bytes, depth: int, left: bytes) -> None:
    assert shallow(data, depth) == left
