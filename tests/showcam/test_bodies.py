"""Slow bodies occupy limited places, with a share for each client and for each kind of request."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from showcam.app.edge.edge import Bodies
from showcam.app.http_types import RECEIVED, Refuse
from showcam.net.addresses import PEER
from tests.doubles.slow_body import SlowBody
from tests.doubles.waiting import LONG_S

PLACES = 32  # known: 16 · claims: 8, of one client 2 · others: 8, of one client 2


class Whole:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int) -> bytes:
        body, self._body = self._body[:size], self._body[size:]
        return body


def environ_of(address: str, sender: Any, length: str | None = "1", **more: Any) -> dict[str, Any]:
    return {"CONTENT_LENGTH": length, "REMOTE_ADDR": address, "wsgi.input": sender} | more


@contextmanager
def held(bodies: Bodies, *addresses: str, claims: bool = False, **more: Any) -> Iterator[list[SlowBody]]:
    """A slow body from each of the addresses."""
    slows = [SlowBody() for _ in addresses]

    def hold(address: str, slow: SlowBody) -> None:
        with pytest.raises(Refuse):
            bodies.read(environ_of(address, slow, **more), claims=claims)

    threads = [threading.Thread(target=hold, args=sender, daemon=True) for sender in zip(addresses, slows, strict=True)]
    for thread, slow in zip(threads, slows, strict=True):
        thread.start()
        assert slow.reading.wait(LONG_S)
    try:
        yield slows
    finally:
        for slow in slows:
            slow.let.set()
        for thread in threads:
            thread.join(5)


def taken(bodies: Bodies, address: str, *, claims: bool = False) -> bool:
    try:
        return bodies.read(environ_of(address, Whole(b"x")), claims=claims) == b"x"
    except Refuse as refused:
        refusal = refused.response
    return (refusal.status, refusal.headers[-1]) != (503, ("Retry-After", "5"))


A, B, C = "203.0.113.1", "203.0.113.2", "203.0.113.3"
MANY = tuple(f"198.51.100.{number}" for number in range(4)) * 2
HOUSE, SAME_HOUSE, OTHER_HOUSE = "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"


@pytest.mark.parametrize(
    ("slow", "claimed", "address", "claims", "free"),
    [
        ((A,), False, A, False, True),
        ((A, A), False, A, False, False),
        ((A, A), False, B, False, True),
        (MANY, False, C, False, False),
        (MANY, False, C, True, True),
        ((A, A), True, A, True, False),
        ((A, A), True, B, True, True),
        (MANY, True, C, True, False),
        (MANY, True, C, False, True),
        ((HOUSE, SAME_HOUSE), False, HOUSE, False, False),
        ((HOUSE, SAME_HOUSE), False, OTHER_HOUSE, False, True),
        ((A, f"::ffff:{A}"), False, A, False, False),
    ],
)
def test_who_is_slow_takes_no_place_of_others(
    slow: tuple[str, ...], claimed: bool, address: str, claims: bool, free: bool
) -> None:
    bodies = Bodies(100, PLACES)
    with held(bodies, *slow, claims=claimed):
        assert taken(bodies, address, claims=claims) is free
    assert taken(bodies, address, claims=claims)


def test_forged_proofs_take_no_place_of_a_client_whose_proof_held() -> None:
    bodies = Bodies(100, PLACES)
    bodies.proved({"REMOTE_ADDR": C})
    with held(bodies, *MANY, claims=True), held(bodies, *MANY):
        assert taken(bodies, C, claims=True)
        assert not taken(bodies, C)
        with held(bodies, *[C] * 16, claims=True):
            assert not taken(bodies, C, claims=True)


def test_a_client_is_known_for_as_long_as_is_said() -> None:
    now = [100.0]
    bodies = Bodies(100, PLACES, known_s=30.0, clock=lambda: now[0])
    bodies.proved({"REMOTE_ADDR": C})
    with held(bodies, *MANY, claims=True):
        now[0] += 29.9
        assert taken(bodies, C, claims=True)
        now[0] += 0.2
        assert not taken(bodies, C, claims=True)


def test_as_many_clients_are_known_as_are_counted() -> None:
    bodies = Bodies(100, PLACES, most_known=2)
    for address in (A, B, C):
        bodies.proved({"REMOTE_ADDR": address})
    with held(bodies, *MANY, claims=True):
        assert [taken(bodies, client, claims=True) for client in (A, B, C)] == [False, True, True]


@pytest.mark.parametrize(("ago_s", "peers"), [(1.0, set()), (6.0, {"127.0.0.1"})])
def test_an_overdue_body_is_reported_by_its_peer(ago_s: float, peers: set[str]) -> None:
    bodies = Bodies(100, PLACES)
    began: dict[str, Any] = {PEER: "127.0.0.1", RECEIVED: time.monotonic() - ago_s}
    with held(bodies, A, **began):
        assert bodies.overdue() == peers
    assert bodies.overdue() == set()


@pytest.mark.parametrize(
    ("body", "length", "ago_s", "status"),
    [
        (b"abc", "3", 0.0, 200),
        (b"abc", "4", 0.0, 408),
        (b"abc", None, 0.0, 200),
        (b"abc", None, 6.0, 408),
        (b"abc", "3", 6.0, 200),
        (b"", "0", 0.0, 200),
        (b"x" * 101, "101", 0.0, 413),
        (b"x" * 101, None, 0.0, 413),
    ],
    ids=[
        "whole",
        "broken off",
        "of unknown length",
        "of unknown length and cut off",
        "whole at the last moment",
        "none",
        "too long",
        "of unknown length and too long",
    ],
)
def test_a_body_is_taken_whole_or_not_at_all(body: bytes, length: str | None, ago_s: float, status: int) -> None:
    bodies, environ = Bodies(100, PLACES), environ_of(A, Whole(body), length, **{RECEIVED: time.monotonic() - ago_s})
    if status == 200:
        assert bodies.read(environ) == body
    else:
        with pytest.raises(Refuse) as refused:
            bodies.read(environ)
        assert refused.value.response.status == status
