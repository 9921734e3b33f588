"""A viewer's answer by WebRTC, and what becomes of its picture or its session while the answer is being made.

An answer takes several steps of aiortc's, and each gives the loop to others. Something happens here in one of them.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiortc import RTCPeerConnection

from showcam.engine.grants import Claims, Grants
from showcam.engine.outputs import peer
from showcam.engine.sessions.pulls import Ended
from showcam.engine.sessions.sessions import Sessions
from showcam.engine.source import Card, Denied, SourceFailed, SourceSpec
from tests.doubles.echo_offer import offer
from tests.doubles.open_gate import OpenGate
from tests.doubles.plane_thread import SETTINGS
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A WebRTC viewer whose camera fails while its offer is answered is told why", leans_on="second stack: aiortc"
)

LATE = pytest.mark.parametrize("step", ["setRemoteDescription", "createAnswer", "setLocalDescription"])
FAILED, SHUT = Denied("offline", again=True), Denied("encryption_on")
NOW_S = 0.0  # an answer that is wanted at once: no camera is waited for

type Happens = Callable[[], Awaitable[None]]
type Meanwhile = Callable[[str, Happens], None]


class Cameras(OpenGate):
    """Cameras that are being opened until a test has them fail, behind a gate that it shuts."""

    def __init__(self) -> None:
        self.openings: list[asyncio.Future[SourceSpec | Denied]] = []
        self.verdict: Denied | None = None

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        self.openings.append(asyncio.get_running_loop().create_future())
        return await self.openings[-1]

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        return [self.verdict for _ in claims]

    async def fail(self) -> None:
        """The latest opening, and whoever waits for it has heard of that."""
        await until(lambda: self.openings)
        self.openings[-1].set_result(FAILED)
        for _ in range(20):
            await asyncio.sleep(0)


class House:
    """The sessions of a picture process."""

    def __init__(self, grants: Grants) -> None:
        self.grants, self.cameras = grants, Cameras()
        settings = replace(SETTINGS, gate_check_s=0.02)
        self.sessions = Sessions(settings, grants, self.cameras, ssl.create_default_context())
        self._begun = 0

    def claims(self, *, explains: bool = False) -> Claims:
        self._begun += 1
        return Claims(
            "home", "link-1", "garden", "webrtc", "alexa", int(time.time()) + 60, str(self._begun), explains=explains
        )

    async def answer(self, claims: Claims, spec: SourceSpec | None = None, name: str = "") -> Claims:
        """The claims of the session that was answered."""
        _, grant = await self.sessions.answer(claims, offer(), spec, name, NOW_S)
        return self.sessions.verified(grant, "webrtc_session")

    def live(self) -> int:
        return self.sessions.stats()["webrtc"]

    async def shut(self) -> None:
        """The gate, and nothing is left of the picture."""
        self.cameras.verdict = SHUT
        await until(lambda: self.sessions.stats()["pulls"] == 0)
        self.cameras.verdict = None


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(LONG_S):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(grants: Grants) -> AsyncIterator[House]:
    peer.amend(SETTINGS.ice_addresses)
    made = House(grants)
    try:
        yield made
    finally:
        await made.sessions.close()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has something happen in the next answer, while aiortc takes that step."""

    def set_up(step: str, happens: Happens) -> None:
        its_own = getattr(RTCPeerConnection, step)

        async def taken(*given: object) -> object:
            monkeypatch.setattr(RTCPeerConnection, step, its_own)
            await happens()
            return await its_own(*given)

        monkeypatch.setattr(RTCPeerConnection, step, taken)

    return set_up


@LATE
def test_who_is_not_answered_yet_is_answered_that_the_first_opening_failed(
    grants: Grants, meanwhile: Meanwhile, step: str
) -> None:
    async def scene() -> None:
        async with opened(grants) as house:
            meanwhile(step, house.cameras.fail)
            claims = house.claims()
            with pytest.raises(SourceFailed, match="offline"):
                await house.answer(claims)
            assert house.sessions.stats()["sessions"] == 0
            await house.answer(claims)  # a fault of the camera ends no grant
            assert (house.live(), len(house.cameras.openings)) == (1, 2)

    asyncio.run(scene())


def test_for_who_was_answered_a_first_opening_that_fails_is_followed_by_another(grants: Grants) -> None:
    async def scene() -> None:
        async with opened(grants) as house:
            await house.answer(house.claims())
            await house.cameras.fail()
            await until(lambda: len(house.cameras.openings) == 2)
            assert house.live() == 1

    asyncio.run(scene())


@LATE
def test_beside_who_was_answered_another_is_answered_though_the_opening_fails(
    grants: Grants, meanwhile: Meanwhile, step: str
) -> None:
    async def scene() -> None:
        async with opened(grants) as house:
            await house.answer(house.claims())
            meanwhile(step, house.cameras.fail)
            await house.answer(house.claims())
            await until(lambda: len(house.cameras.openings) == 2)
            assert house.live() == 2

    asyncio.run(scene())


@LATE
def test_who_was_answered_and_left_does_not_keep_the_reason_from_another(
    grants: Grants, meanwhile: Meanwhile, step: str
) -> None:
    async def scene() -> None:
        async with opened(grants) as house:
            first = await house.answer(house.claims())

            async def happens() -> None:
                house.sessions.endings.by_viewer(first)
                await house.cameras.fail()

            meanwhile(step, happens)
            with pytest.raises(SourceFailed, match="offline"):
                await house.answer(house.claims())
            assert house.sessions.stats()["sessions"] == 0

    asyncio.run(scene())


@LATE
def test_who_asks_again_meanwhile_is_answered_though_the_first_offer_is_not(
    grants: Grants, meanwhile: Meanwhile, step: str
) -> None:
    async def scene() -> None:
        async with opened(grants) as house:
            claims = house.claims()
            again: list[asyncio.Task[Claims]] = []

            async def happens() -> None:
                again.append(asyncio.create_task(house.answer(claims)))
                await house.cameras.fail()

            meanwhile(step, happens)
            with pytest.raises(SourceFailed, match="offline"):
                await house.answer(claims)
            await again[0]
            assert (house.live(), len(house.cameras.openings)) == (1, 2)

    asyncio.run(scene())


@LATE
@pytest.mark.parametrize("how", ["gate", "viewer", "link"])
@pytest.mark.parametrize("again", [False, True], ids=["first answer", "another in its session"])
def test_who_is_ended_meanwhile_is_answered_why_and_opens_nothing_any_more(
    grants: Grants, meanwhile: Meanwhile, again: bool, how: str, step: str
) -> None:
    async def scene() -> None:
        async with opened(grants) as house:
            claims = house.claims()
            if again:
                claims = await house.answer(claims, name="its name")

            async def happens() -> None:
                if how == "gate":
                    await house.shut()
                elif how == "viewer":
                    house.sessions.endings.by_name("link-1", "its name")
                else:
                    house.sessions.endings.by_link("link-1")

            meanwhile(step, happens)
            for _ in range(2):
                with pytest.raises(Ended) as ended:
                    await house.answer(claims, name="its name")
                assert ended.value.reason == (SHUT.reason if how == "gate" else "")
            assert house.sessions.stats()["sessions"] == 0
            assert len(house.cameras.openings) == 1

    asyncio.run(scene())


def test_a_display_that_asks_again_is_shown_the_reason_of_now(grants: Grants) -> None:
    async def scene() -> None:
        async with opened(grants) as house:
            for reason in ("Sleep Mode is on", "Image Encryption is on"):
                await house.answer(house.claims(explains=True), card(reason), name="its name")
            assert house.live() == 1
            await until(lambda: house.sessions.stats()["pulls_live"] == 1)

    asyncio.run(scene())


def card(reason: str) -> SourceSpec:
    return Card(card=("Garden", reason))
