"""The forwarder's signature, as a table of what is changed on a good message and whether it is still taken."""

import time
from typing import Any

import pytest

from showcam.exchange import Request
from showcam.forwarded import HEADER, sign, verified
from store.sqlite import SqliteStore

OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)
NONCE = "n" * 20


def message(**changed: Any) -> Request:
    now = int(time.time()) + changed.get("late", 0)
    given = {"key": NEW, "now": now, "nonce": NONCE, "path": "/alexa/smart-home", "body": b"{}"} | changed
    header = sign(*given["key"], "POST", "/alexa/smart-home", b"{}", now=given["now"], nonce=given["nonce"])
    header = given.get("header", header)
    environ = {"HTTP_" + HEADER.upper().replace("-", "_"): header} if header is not None else {}
    return Request("r", "POST", given["path"], "", given["body"], environ)


@pytest.mark.parametrize(
    ("changed", "taken"),
    [
        ({}, True),
        ({"key": OLD}, True),
        ({"key": ("k3", b"3" * 32)}, False),
        ({"key": ("k1", b"3" * 32)}, False),
        ({"late": -50}, True),
        ({"late": -70}, False),
        ({"late": 90}, False),
        ({"body": b'{"more":1}'}, False),
        ({"path": "/google/fulfillment"}, False),
        ({"nonce": "short"}, False),
        ({"header": None}, False),
        ({"header": ""}, False),
        ({"header": "v1;k2;soon;" + NONCE + ";00"}, False),
        ({"header": "v1;k2;1;" + NONCE + ";é"}, False),
    ],
)
def test_a_message_is_taken_only_as_it_was_signed(changed: dict[str, Any], taken: bool, store: SqliteStore) -> None:
    assert verified(message(**changed), [NEW, OLD], store) is taken


def test_a_message_is_taken_once(store: SqliteStore) -> None:
    again = message()
    assert [verified(again, [NEW], store) for _ in range(3)] == [True, False, False]
