"""Saying and watching in one: what `showcam say` and the tests use in place of a person before a screen."""

import asyncio
import base64
from typing import Any
from urllib.parse import urljoin

from simulator.assistants.alexa import Alexa
from simulator.assistants.google import Google
from simulator.assistants.google_rules import check_signalling
from simulator.assistants.outcome import Outcome
from simulator.assistants.screen import NoPicture, Seen, WebRtcScreen, echo_shaped, play_hls
from simulator.assistants.wire import NoAnswer, Wire

TOTAL_S = 15.0
SIGNAL_S = 6.0
PLAYER_ORIGIN = "https://www.gstatic.com"


async def watch(cloud: Alexa | Google, text: str, via: str, seconds: float, origin: str) -> dict[str, Any]:
    """{"outcome", "trace", "shown"?, "jpeg"?}; within 15 s, whatever happens."""
    wire = cloud.wire()
    told: dict[str, Any] = {"outcome": Outcome()}
    seen: Seen | None = None
    try:
        async with asyncio.timeout(TOTAL_S - 1):
            told = await cloud.say(wire, text, via)
            seen = await _play(cloud, wire, told, seconds, origin)
    except TimeoutError:
        told["outcome"] = _dark(told, f"nothing was shown within {TOTAL_S:g} s")
    except (NoPicture, NoAnswer) as error:
        told["outcome"] = _dark(told, str(error))
    answer: dict[str, Any] = {"outcome": told["outcome"].as_json(), "trace": wire.trace, "camera": told.get("camera")}
    if seen is not None and seen.last is not None:
        answer["shown"] = seen.as_json()
        answer["jpeg"] = base64.b64encode(await asyncio.to_thread(seen.jpeg)).decode()
    return answer


async def _play(cloud: Alexa | Google, wire: Wire, told: dict[str, Any], seconds: float, origin: str) -> Seen | None:
    if told.get("need") == "offer" and isinstance(cloud, Alexa):
        return await _by_directive(cloud, wire, told, seconds)
    if "webrtc" in told:
        return await _by_signalling(wire, told, seconds, origin)
    if "hls" in told:
        return await _by_hls(wire, told["hls"], seconds)
    return None


async def _by_directive(cloud: Alexa, wire: Wire, told: dict[str, Any], seconds: float) -> Seen | None:
    screen = WebRtcScreen()
    session = told["session"]
    try:
        told |= await cloud.offer(wire, session, echo_shaped(await screen.offer()))
        if "answer" not in told:
            return None

        async def connected() -> None:
            told["outcome"].broken += await cloud.connected(wire, session)

        await screen.play(told.pop("answer"), seconds, connected)
    finally:
        await screen.close()
        told["outcome"].broken += await cloud.hide(wire)
    return screen.seen


async def _by_signalling(wire: Wire, told: dict[str, Any], seconds: float, origin: str) -> Seen:
    screen = WebRtcScreen()
    url, token = told["webrtc"]["signalingUrl"], told["webrtc"].get("authToken")
    headers = {"Origin": origin} | ({"Authorization": f"Bearer {token}"} if token else {})
    device = told["camera"]["id"]
    try:
        sdp = await screen.offer()
        body = {"action": "offer", "deviceId": device, "sdp": sdp}
        reply = await wire.send("Player: offer", url, body=body, headers=headers, timeout_s=SIGNAL_S)
        answered = reply.json()
        told["outcome"].broken += check_signalling(reply.status, reply.headers, answered, sdp, origin)
        if reply.status != 200 or told["outcome"].broken:
            told_why = answered.get("detail") if isinstance(answered, dict) else None
            raise NoPicture(f"the signalling URL answered {reply.status}{f': {told_why}' if told_why else ''}")
        await screen.play(answered["sdp"], seconds)
    finally:
        await screen.close()
        end = {"action": "end", "deviceId": device}
        await wire.send("Player: end", url, body=end, headers=headers, timeout_s=SIGNAL_S)
    return screen.seen


async def _by_hls(wire: Wire, url: str, seconds: float) -> Seen:
    """The first playlist is read as a Cast receiver reads it: from another origin, no redirect, codecs named."""
    reply = await wire.send(
        "Player: master playlist", url, method="GET", headers={"Origin": PLAYER_ORIGIN}, timeout_s=10.0
    )
    if reply.status != 200:
        raise NoPicture(f"the playlist answered {reply.status}")
    if reply.headers.get("access-control-allow-origin") not in ("*", PLAYER_ORIGIN):
        raise NoPicture("the playlist may not be read from another origin (CORS)")
    lines = [line for line in reply.text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise NoPicture("the playlist is none")
    streams = [at for at, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
    if not streams:
        return await play_hls(url, seconds)
    if "CODECS=" not in lines[streams[0]]:
        raise NoPicture("the master playlist names no CODECS")
    return await play_hls(urljoin(url, lines[streams[0] + 1]), seconds)


def _dark(told: dict[str, Any], why: str) -> Outcome:
    """The assistant was promised a picture and there was none."""
    name = (told.get("camera") or {}).get("name", "the camera")
    broken = told["outcome"].broken
    return Outcome(
        spoken=f"{name} isn't responding.", person=f"No picture of {name}: {why.rstrip('.')}.", broken=broken
    )
