"""Cameras with the bugs that public issues report, by the clock of their loop: each is shown, or refused in words.

tests/soak/test_zoo.py has the same rules in front of GStreamer's camera, by life's clock.
"""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import get_args

import pytest

from showcam.drivers.errors import Reason
from showcam.engine.source import CLOCK, Format, Rtsp, SourceFailed, Unit
from showcam.engine.sources.rtsp import RtspSource
from tests.doubles.fast_time import FastLoop, run
from tests.doubles.hls_camera import FPS
from tests.doubles.rtsp_camera import PATH, Behaviour, Server
from tests.doubles.rtsp_recording import CODE, recorded
from tests.doubles.rtsp_relay import RtspRelay
from tests.doubles.zoo import RULES, Rule

pytestmark = pytest.mark.proves(
    "Cameras with the bugs of 37 public issues are shown, or refused with a reason",
    leans_on="published: issues of go2rtc, mediamtx, Home Assistant and others; double: the cameras",
    also=("tests/soak/test_zoo.py",),
)


@dataclass
class Seen:
    """A showcam.engine.sources.screen.Screen. `times`: of pictures, in pictures since the first."""

    loop: asyncio.AbstractEventLoop
    forms: list[Format] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    sounds: int = 0
    has_time = True

    def begin(self, form: Format) -> None:
        self.forms.append(form)

    def wait_for_key(self) -> None:
        pass

    def to_hls(self, unit: Unit) -> None:
        if unit.kind == "audio":
            self.sounds += 1
        else:
            self.times.append(unit.pts * FPS / CLOCK)

    def to_viewers(self, unit: Unit) -> None:
        pass

    def now(self) -> int:
        return int(self.loop.time() * CLOCK)


async def visit(loop: FastLoop, rule: Rule) -> tuple[Seen, str, list[str]]:
    """What is seen of such a camera, why it ended by itself, and the methods that it was asked."""
    does = Behaviour(recording=recorded())
    server, seen = Server(does), Seen(loop)
    await server.start()
    relay = RtspRelay(server.port, rule.fault())
    await relay.start()
    at = f"127.0.0.1:{relay.port}"
    spec = Rtsp(url=f"rtsp://{at}{PATH}", hosts=(at,), sound="on", user="admin", password=CODE, encrypts=False)
    source = RtspSource(seen, spec, loopback=True, open_s=8.0)
    watching, reason = asyncio.create_task(source.last()), ""
    try:
        await asyncio.wait_for(asyncio.shield(watching), rule.seconds)
    except SourceFailed as failed:
        reason = failed.reason
    except TimeoutError:
        watching.cancel()
    source.close()
    await asyncio.sleep(2)
    await relay.stop()
    await server.stop()
    return seen, reason, does.methods


@pytest.mark.parametrize("rule", RULES, ids=[rule.issue for rule in RULES])
def test_a_camera_of_a_public_issue_is_shown_or_refused_in_words(rule: Rule) -> None:
    seen, reason, methods = run(lambda loop: visit(loop, rule))
    assert (reason or "shown") == rule.outcome
    if rule.outcome != "shown":
        assert reason in get_args(Reason.__value__)
        return
    assert len(seen.times) > (rule.seconds - 2) * FPS
    steps = {round(later - earlier, 1) for earlier, later in itertools.pairwise(seen.times)}
    assert steps == {1.0}, "no picture is missing"
    assert (seen.sounds > FPS) == rule.sound
    assert {(form.width, form.height) for form in seen.forms} == {(320, 180)}
    assert methods[-1] == "TEARDOWN", "a camera has few places"
