"""The forwarder's signature: each change to a valid message, and whether it is still taken."""

import time
from pathlib import Path
from typing import Any

import pytest

from showcam.app.edge.machines import HEADER, WAY_S, Signatures, sign
from showcam.app.http_types import RECEIVED, Refuse, Request
from showcam.engine.grants import WINDOW_S
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore

OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)
NONCE = "n" * 20


def message(**changed: Any) -> Request:
    now = int(time.time()) + changed.get("late", 0)
    given: dict[str, Any] = {
        "key": NEW,
        "now": now,
        "nonce": NONCE,
        "path": "/alexa/smart-home",
        "body": b"{}",
    } | changed
    name, key = given["key"]
    header = sign(name, key, "POST", "/alexa/smart-home", b"{}", now=given["now"], nonce=given["nonce"])
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
        ({"header": "v1;k2;" + "9" * 5000 + ";" + NONCE + ";00"}, False),
    ],
)
def test_a_message_is_taken_only_as_it_was_signed(changed: dict[str, Any], taken: bool, store: SqliteStore) -> None:
    assert Signatures([NEW, OLD], store).good(message(**changed)) is taken


@pytest.mark.parametrize(
    ("changed", "likely"),
    [
        ({}, True),
        ({"body": b"not there yet"}, True),
        ({"key": OLD}, True),
        ({"key": ("k3", b"3" * 32)}, False),
        ({"late": 90}, False),
        ({"nonce": "short"}, False),
        ({"header": None}, False),
        ({"header": "v1;k2;" + "9" * 5000 + ";" + NONCE + ";00"}, False),
    ],
)
def test_what_can_be_no_signature_is_known_before_the_body(
    changed: dict[str, Any], likely: bool, store: SqliteStore
) -> None:
    assert Signatures([NEW, OLD], store).likely(message(**changed).environ) is likely


def test_a_message_is_taken_once(store: SqliteStore, tmp_path: Path) -> None:
    again, signatures = message(), Signatures([NEW], store)
    assert [signatures.good(again) for _ in range(3)] == [True, False, False]
    restarted = SqliteStore(tmp_path / "showcam.db", Sealer([("test", b"k" * 32)]))
    assert not Signatures([NEW], restarted).good(again)
    restarted.close()


def test_a_message_that_one_store_on_the_file_took_is_taken_for_another(store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "showcam.db", Sealer([("test", b"k" * 32)]))
    both, message_once = (Signatures([NEW], store), Signatures([NEW], other)), message()
    assert [signatures.good(message_once) for signatures in (*both, *both)] == [True, False, False, False]
    other.close()


def test_a_message_that_can_t_be_noted_is_answered_503(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "showcam.db-nonces").mkdir()
    with pytest.raises(Refuse) as refused:
        Signatures([NEW], store).sent(message())
    assert refused.value.response.status == 503
    (tmp_path / "showcam.db-nonces").rmdir()
    assert Signatures([NEW], store).sent(message()) is not None


def test_a_message_stays_taken_as_long_as_it_would_be_taken(store: SqliteStore) -> None:
    sent = time.time() + 55
    early, signatures = message(late=55), Signatures([NEW], store)
    assert signatures.good(early)
    store.sweep(sent + WINDOW_S)
    assert not signatures.good(early)


# how long ago by the forwarder's clock it was sent · how much of that counts, at least and at most
WAYS = [(0, 0.0, 0.0), (1, 0.0, 1.0), (2, 1.0, 2.0), (3, WAY_S, WAY_S), (50, WAY_S, WAY_S), (-40, 0.0, 0.0)]


@pytest.mark.parametrize(("ago_s", "least", "most"), WAYS)
def test_a_messages_time_runs_from_its_sending(ago_s: int, least: float, most: float, store: SqliteStore) -> None:
    request = message(late=-ago_s)
    request.environ[RECEIVED] = time.monotonic()
    sent = Signatures([NEW], store).sent(request)
    assert sent is not None
    assert least - 0.01 <= request.received - sent <= most + 0.01


def test_waiting_on_this_side_is_not_counted_as_transport(store: SqliteStore) -> None:
    request = message(late=-30)
    request.environ[RECEIVED] = time.monotonic() - 30
    sent = Signatures([NEW], store).sent(request)
    assert sent is not None
    assert request.received - sent <= 0.01


def test_a_message_whose_time_passes_while_its_body_is_awaited_is_not_taken(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, signatures = message(late=-50), Signatures([NEW], store)
    assert signatures.likely(slow.environ)
    later = time.time() + 20
    monkeypatch.setattr(time, "time", lambda: later)
    assert not signatures.good(slow)
