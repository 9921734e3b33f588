"""Says a wish and plays its picture, for `showcam say` and the tests."""

import asyncio
import base64
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urljoin

from simulator.assistants.alexa import Alexa
from simulator.assistants.google import Google
from simulator.assistants.google_rules import check_signalling
from simulator.assistants.outcome import Outcome
from simulator.assistants.screen import NoPicture, Playback, WebRtcScreen, echo_shaped, play_hls
from simulator.assistants.wire import NoAnswer, Wire

TOTAL_S = 15.0
SIGNAL_S = 6.0
PLAYER_ORIGIN = "https://www.gstatic.com"


async def watch(cloud: Alexa | Google, text: str, via: str, seconds: float, origin: str) -> dict[str, Any]:
    """{"outcome", "trace", "shown"?, "jpeg"?}; always within 15 s."""
    wire = cloud.wire()
    return await _watched(cloud, wire, lambda: cloud.say(wire, text, via), seconds, origin)


async def watch_ring(cloud: Alexa, within_s: float, seconds: float, origin: str) -> dict[str, Any]:
    """Waits for a ring and opens its view, as an Echo does by itself: as `watch`, with "rang_at", epoch s, or null."""
    wire, rang = cloud.wire(), None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            async for item in cloud.news.after():
                if item.kind == "ring":
                    rang = item.camera
                    break
    if rang is None:
        return {
            "outcome": Outcome(person="Nobody rang.").as_json(),
            "trace": wire.trace,
            "camera": None,
            "rang_at": None,
        }
    at, camera = time.time(), rang
    answer = await _watched(cloud, wire, lambda: cloud.open(wire, camera), seconds, origin)
    return answer | {"rang_at": at}


async def _watched(
    cloud: Alexa | Google, wire: Wire, wish: Callable[[], Awaitable[dict[str, Any]]], seconds: float, origin: str
) -> dict[str, Any]:
    result: dict[str, Any] = {"outcome": Outcome()}
    playback: Playback | None = None
    try:
        async with asyncio.timeout(TOTAL_S - 1):
            result = await wish()
            playback = await _play(cloud, wire, result, seconds, origin)
    except TimeoutError:
        result["outcome"] = _dark(result, f"nothing was shown within {TOTAL_S:g} s")
    except (NoPicture, NoAnswer) as error:
        result["outcome"] = _dark(result, str(error))
    answer: dict[str, Any] = {
        "outcome": result["outcome"].as_json(),
        "trace": wire.trace,
        "camera": result.get("camera"),
    }
    if playback is not None and playback.last is not None:
        answer["shown"] = playback.as_json()
        answer["jpeg"] = base64.b64encode(await asyncio.to_thread(playback.jpeg)).decode()
    return answer


async def _play(
    cloud: Alexa | Google, wire: Wire, result: dict[str, Any], seconds: float, origin: str
) -> Playback | None:
    if result.get("need") == "offer" and isinstance(cloud, Alexa):
        return await _by_directive(cloud, wire, result, seconds)
    if "webrtc" in result:
        return await _by_signalling(wire, result, seconds, origin)
    if "hls" in result:
        return await _by_hls(wire, result["hls"], seconds)
    return None


async def _by_directive(cloud: Alexa, wire: Wire, result: dict[str, Any], seconds: float) -> Playback | None:
    screen = WebRtcScreen()
    session = result["session"]
    try:
        result |= await cloud.offer(wire, session, echo_shaped(await screen.offer()))
        if "answer" not in result:
            return None

        async def connected() -> None:
            result["outcome"].broken += await cloud.connected(wire, session)

        await screen.play(result.pop("answer"), seconds, connected)
    finally:
        await screen.close()
        result["outcome"].broken += await cloud.hide(wire)
    return screen.playback


async def _by_signalling(wire: Wire, result: dict[str, Any], seconds: float, origin: str) -> Playback:
    screen = WebRtcScreen()
    url, token = result["webrtc"]["signalingUrl"], result["webrtc"].get("authToken")
    headers = {"Origin": origin} | ({"Authorization": f"Bearer {token}"} if token else {})
    device = result["camera"]["id"]
    try:
        sdp = await screen.offer()
        body = {"action": "offer", "deviceId": device, "sdp": sdp}
        reply = await wire.send("Player: offer", url, body=body, headers=headers, timeout_s=SIGNAL_S)
        answered = reply.json()
        result["outcome"].broken += check_signalling(reply.status, reply.headers, answered, sdp, origin)
        if reply.status != 200 or result["outcome"].broken:
            detail = answered.get("detail") if isinstance(answered, dict) else None
            raise NoPicture(f"the signalling URL answered {reply.status}{f': {detail}' if detail else ''}")
        await screen.play(answered["sdp"], seconds)
    finally:
        await screen.close()
        end = {"action": "end", "deviceId": device}
        await wire.send("Player: end", url, body=end, headers=headers, timeout_s=SIGNAL_S)
    return screen.playback


async def _by_hls(wire: Wire, url: str, seconds: float) -> Playback:
    """Reads the first playlist as a Cast receiver does: from another origin, without redirects, with codecs named."""
    reply = await wire.send(
        "Player: master playlist", url, method="GET", headers={"Origin": PLAYER_ORIGIN}, timeout_s=10.0
    )
    if reply.status != 200:
        raise NoPicture(f"the playlist answered {reply.status}")
    if reply.headers.get("access-control-allow-origin") not in ("*", PLAYER_ORIGIN):
        raise NoPicture("the playlist may not be read from another origin (CORS)")
    lines = [line for line in reply.text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise NoPicture("the playlist is not M3U8")
    streams = [at for at, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
    if not streams:
        return await play_hls(url, seconds)
    if "CODECS=" not in lines[streams[0]]:
        raise NoPicture("the master playlist names no CODECS")
    return await play_hls(urljoin(url, lines[streams[0] + 1]), seconds)


def _dark(result: dict[str, Any], why: str) -> Outcome:
    """The outcome of a promised picture that can't be played."""
    name = (result.get("camera") or {}).get("name", "the camera")
    broken = result["outcome"].broken
    return Outcome(
        spoken=f"{name} isn't responding.", person=f"No picture of {name}: {why.rstrip('.')}.", broken=broken
    )
