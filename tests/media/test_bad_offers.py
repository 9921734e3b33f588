"""Offers that come to nothing: each is refused or ends by itself, its place is given back, and the log stays quiet.

aiortc works in tasks that nobody asks how they went; what breaks in one is else logged as "Task exception was never
retrieved", and the session stays until its time is over.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Iterator

import pytest

from tests.doubles.echo_offer import AUDIO, FINGERPRINT, HEAD, VIDEO, offer
from tests.doubles.rtc_viewer import Viewer
from tests.media.conftest import World

UNBUNDLED = HEAD[:-1]
KEYS = ["a=setup:actpass", "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx"]
DATA = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:data", *KEYS, f"a=fingerprint:sha-256 {FINGERPRINT}"]
SECOND = [line.replace("video0", "video1") for line in VIDEO]


def changed(old: str, new: str) -> str:
    assert old in offer()
    return offer().replace(old, new)


REFUSED = {
    "no fingerprint": changed("a=fingerprint", "a=nothing"),
    "no fingerprint of the video": offer(video=[line for line in VIDEO if "fingerprint" not in line]),
    "a fingerprint of another length": changed(FINGERPRINT, "AA:BB"),
    "a fingerprint without a value": changed(f" {FINGERPRINT}", ""),
    "a fingerprint by SHA-1 alone": changed("sha-256", "sha-1"),
    "no user fragment": changed("a=ice-ufrag", "a=nothing"),
    "an endless user fragment": changed("ice-ufrag:abcd", "ice-ufrag:" + "a" * 9000),
    "a user fragment that is no ASCII": changed("ice-ufrag:abcd", "ice-ufrag:æøåæ"),
    "no password": changed("a=ice-pwd", "a=nothing"),
    "a short password": changed("abcdefghijklmnopqrstuvwx", "a"),
    "no DTLS role": changed("a=setup", "a=nothing"),
    "a DTLS role that waits": changed("actpass", "holdconn"),
    "two sections of one name": changed("a=mid:video0", "a=mid:audio0"),
    "sections without names": changed("a=mid", "a=nothing"),
    "RTCP apart": changed("a=rtcp-mux", "a=nothing"),
    "pictures from the display": changed("a=sendrecv", "a=sendonly"),
    "no pictures just now": changed("a=sendrecv", "a=inactive"),
    "no pictures just now, said for all": offer(
        head=[*HEAD, "a=inactive"],
        audio=[line for line in AUDIO if line != "a=sendrecv"],
        video=[line for line in VIDEO if line != "a=sendrecv"],
    ),
    "video that is rejected": changed("m=video 1", "m=video 0"),
    "candidates of TCP only": changed("UDP 2013266431", "TCP 2013266431").replace("1 2 UDP", "1 2 TCP"),
    "a payload number beyond RTP's": changed("99", "200"),
    "a payload number that aiortc would answer another for": changed("99", "35"),
    "forty sections": "\r\n".join([*UNBUNDLED, *[x.replace("o0", f"o{n}") for n in range(40) for x in AUDIO], *VIDEO]),
    "a section of no known kind": offer() + "\r\n".join(["m=text 9 RTP/AVP 98", "a=mid:text", *KEYS, ""]),
    "a data channel without a port": offer() + "\r\n".join([*DATA, ""]),
}
ANSWERED = {
    "nobody behind it": offer(),
    "a port that is none": changed("40000", "70000"),
    "a port below none": changed("40000", "-5"),
    "port 0": changed("40000", "0"),
    "a host name": changed("192.0.2.7", "nowhere.example"),
    "everybody's address": changed("192.0.2.7", "255.255.255.255"),
    "no address": changed("192.0.2.7", "0.0.0.0"),  # noqa: S104
    "a zone of another machine": changed("192.0.2.7", "fe80::1%nowhere"),
    "a priority beyond all": changed("2013266431", "9" * 40),
    "a component that is none": changed("a=candidate:1 1", "a=candidate:1 x"),
    "half a candidate": changed("a=candidate:1 1 UDP", "a=candidate:1 1"),
    "an extension beyond all": changed("extmap:3", "extmap:300"),
    "an extension without a number": changed("extmap:3", "extmap:x"),
    "a bundle of what is not there": changed("BUNDLE audio0", "BUNDLE ghost audio0"),
    "a bundle of one": changed("BUNDLE audio0 video0", "BUNDLE video0"),
    "each section by itself": offer(head=UNBUNDLED),
    "two videos": offer() + "\r\n".join([*SECOND, ""]),
    "the end of no candidates": "\r\n".join(
        [*UNBUNDLED, *AUDIO, "a=end-of-candidates", *VIDEO, "a=end-of-candidates", ""]
    ),
    "no direction": changed("a=sendrecv", "a=nothing"),
    "a display that begins DTLS": changed("actpass", "active"),
    "sound that is rejected": changed("m=audio 1", "m=audio 0"),
}


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture, world: World, eventually: Callable[..., None]) -> Iterator[None]:
    """Holds at its end that nothing live is left, and that no task broke unseen."""
    caplog.set_level(logging.WARNING)
    yield
    eventually(lambda: world.stats()["sessions"] == 0)
    time.sleep(0.1)  # what was closed just now is let go of in the loop's next turns
    gc.collect()
    assert [record.getMessage() for record in caplog.records] == []


def status(world: World, sdp: str) -> int:
    url = f"/s/{world.grant(protocol='webrtc')}/whep"
    return world.request(url, "POST", sdp.encode(), Content_Type="application/sdp").status


def test_an_offer_that_would_come_to_nothing_is_refused(world: World, quiet: None) -> None:
    for name, sdp in REFUSED.items():
        assert (status(world, sdp), world.stats()["sessions"]) == (400, 0), name


class TestNobodyConnects:
    @pytest.fixture
    def world(self, start: Callable[..., World]) -> World:
        return start(connect_s=0.3)

    def test_an_answer_ends_quietly(
        self, world: World, quiet: None, caplog: pytest.LogCaptureFixture, eventually: Callable[..., None]
    ) -> None:
        for name, sdp in ANSWERED.items():
            assert status(world, sdp) == 201, name
            eventually(lambda: world.stats()["sessions"] == 0)
            assert caplog.records == [], name


def test_a_display_with_another_certificate_than_it_named_is_let_go_at_once(
    world: World, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    url = f"/s/{world.grant(protocol='webrtc')}/whep"

    async def scene() -> None:
        viewer = Viewer()
        lines = (await viewer.offer()).splitlines()
        wrong = "\r\n".join([line[:-5] + "00:00" if "fingerprint" in line else line for line in lines]) + "\r\n"
        posted = await asyncio.to_thread(world.request, url, "POST", wrong.encode(), Content_Type="application/sdp")
        assert posted.status == 201
        await viewer.accept(posted.text)
        await viewer.until(lambda: world.stats()["sessions"] == 0)
        assert not viewer.pictures
        await viewer.connection.close()
        for task in viewer.tasks:
            task.cancel()
        await asyncio.gather(*viewer.tasks, return_exceptions=True)

    asyncio.run(scene())
