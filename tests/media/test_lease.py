"""What a source lent and how its opening ended, and sources themselves, as the version before wrote them."""

import asyncio
import ssl
from typing import Any

import msgspec
import pytest

from showcam.engine.gate import Background
from showcam.engine.sessions.fanout import Fanout
from showcam.engine.source import (
    USED,
    CameraSpec,
    Card,
    Ending,
    EzvizCloud,
    EzvizLocal,
    Hls,
    InVain,
    Lease,
    Rtsp,
    SourceFailed,
    SourceSpec,
    Unopened,
    as_text,
    from_text,
    read_source,
)
from showcam.engine.sources.opener import Opener
from showcam.net.addresses import OnLoopback
from tests.doubles.waiting import LONG_S

TOKEN = Lease("s1", 'opening [7, "F1", 1, "on off off"]')


@pytest.mark.parametrize(
    ("text", "lease", "ending"),
    [
        ("", None, USED),
        ("nonsense", None, USED),
        ('s1/opening [7, "F1", 1, "on off off"]', TOKEN, USED),
        ('s1/opening [7, "F1", 1, "on off off"] refused: 5409/asleep/10.0', TOKEN, Unopened(5409, "asleep", 10.0)),
        ("s1/local F1", Lease("s1", "local F1"), USED),
        ("s1/local F1 in vain: lan_closed", Lease("s1", "local F1"), InVain("lan_closed")),
        ('s1/["F1", 1, "9"]', Lease("s1", '["F1", 1, "9"]'), USED),
    ],
)
def test_the_text_of_the_version_before_is_read_and_written(text: str, lease: Lease | None, ending: Ending) -> None:
    assert from_text(text) == (lease, ending)
    assert as_text(lease, ending) == (text if lease else "")


def old(kind: str, **more: Any) -> dict[str, Any]:
    """A source as 0.2 wrote it: every field of every kind."""
    whole: dict[str, Any] = {
        "kind": kind,
        "url": "",
        "hosts": [],
        "sound": "on",
        "release": "",
        "card": [],
        "user": "",
        "password": "",
        "encrypts": True,
        "alone": False,
        "dozes": False,
        "key": "",
        "lasts_s": 0,
        "still": "",
        "state": "",
        "basic": True,
    }
    return whole | more


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (
            old("hls", url="https://v/1", hosts=["v"], release="s1/opening x", lasts_s=30),
            Hls(url="https://v/1", hosts=("v",), sound="on", lease=Lease("s1", "opening x"), lasts_s=30),
        ),
        (
            old("rtsp", url="rtsp://h/1", hosts=["h:1"], user="admin", password="pw", basic=False, encrypts=False),
            Rtsp(
                url="rtsp://h/1", hosts=("h:1",), sound="on", user="admin", password="pw", basic=False, encrypts=False
            ),
        ),
        (
            old("ezviz", url="y", hosts=["h:1"], sound="none", key="AAAAAAAAAAAAAAAAAAAAAA==", dozes=True, state="on"),
            EzvizCloud(url="y", hosts=("h:1",), sound="none", key=bytes(16), dozes=True, state="on"),
        ),
        (
            old("ezviz_local", url="e", hosts=["h:1", "h:2"], user="code", password="key", alone=True),
            EzvizLocal(url="e", hosts=("h:1", "h:2"), sound="on", user="code", password="key", alone=True),
        ),
        (old("card", sound="none", card=["Garden", "why"]), Card(card=("Garden", "why"))),
    ],
)
def test_a_source_of_the_version_before_is_read(written: dict[str, Any], found: SourceSpec) -> None:
    assert read_source(written) == found
    assert read_source(found.as_json()) == found
    mine = found.as_json()
    assert {name: mine[name] for name in ("kind", "sound", "release")} == {
        name: written[name] for name in ("kind", "sound", "release")
    }, "and the version before reads this one: these, with url and hosts, are what it can't do without"
    assert (mine["url"], list(mine["hosts"])) == (written["url"], written["hosts"])


@pytest.mark.parametrize("written", [{}, {"kind": "hls"}, {"kind": "smoke", "sound": "on"}, old("card", card="x")])
def test_what_is_no_source_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read_source(written)


SPECS: tuple[SourceSpec, ...] = (
    Hls(url="https://v/1", hosts=(), sound="on"),
    Rtsp(url="rtsp://h/1", hosts=(), sound="on"),
    EzvizCloud(url="y", hosts=(), sound="on"),
    EzvizLocal(url="e", hosts=(), sound="on", user="code", password="key"),
    Card(card=("Garden", "why")),
)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_each_way_to_a_picture_is_opened(spec: SourceSpec) -> None:
    """Each of these addresses is bad, so that its own opener refuses it; a card is shown until it is ended."""

    async def scene() -> None:
        async def minted() -> SourceSpec:
            raise AssertionError("no other address is asked for")

        opener, background = Opener(ssl.create_default_context(), OnLoopback(), 1.0), Background()
        async with asyncio.timeout(2.0 if isinstance(spec, Card) else LONG_S):
            await opener.last(Fanout(), spec, minted, lambda _lease, _ending: None, background.later, camera="c")

    with pytest.raises(TimeoutError if isinstance(spec, Card) else SourceFailed):
        asyncio.run(scene())


def test_there_is_no_other_way() -> None:
    ways = {*SourceSpec.__subclasses__(), *CameraSpec.__subclasses__()} - {CameraSpec}
    assert {type(spec) for spec in SPECS} == ways
