"""A double whose loop ends leaves nothing for the collector to tell in another test."""

import asyncio
import gc
import socket
import sys

import pytest

from tests.doubles.hls_camera import Authority
from tests.doubles.tls_front import TlsFront


def test_who_connects_at_the_end_leaves_nothing_behind(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    gc.collect()
    monkeypatch.setattr(sys, "unraisablehook", lambda left: told.append(str(left.object)))
    with TlsFront(9, authority.context) as front:

        async def knock() -> socket.socket:
            knocking = socket.create_connection(("127.0.0.1", int(front.url.rpartition(":")[2])))
            for _ in range(2):  # it is taken in the second turn, and its connection would be made in the third
                await asyncio.sleep(0)
            await front._closed()
            return knocking

        knocking = front._run(knock())
    knocking.close()
    gc.collect()
    assert told == []
