"""The Open Platform's messages to a developer's address: signed, retried, and sometimes sent twice."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
from typing import Any

import aiohttp

from showcam.simulator.camera import ALARMS, TICK_S, Camera, Event
from tests.doubles.troubled.trouble import TroubledWorld

TRIES = 3
WORDS = {"motion": "motiondetect", "person": "humandetect"}


class WebhookSender:
    def __init__(self, world: TroubledWorld) -> None:
        self._world = world
        self._sending: set[asyncio.Task[None]] = set()
        world.listeners.append(self._happened)

    def _happened(self, camera: Camera, event: Event) -> None:
        if not self._world.webhook.url:
            return
        body = json.dumps(_message(camera, event), ensure_ascii=False).encode()
        for _ in range(1 + self._world.webhook.duplicates):
            task = asyncio.get_running_loop().create_task(self._send(body))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, body: bytes) -> None:
        message_id = json.loads(body)["header"]["messageId"]
        for attempt in range(TRIES):
            await asyncio.sleep(TICK_S * attempt)
            if await self._delivered(body, message_id):
                return
        self._world.webhook.dropped += 1

    async def _delivered(self, body: bytes, message_id: str) -> bool:
        hook = self._world.webhook
        at = str(int((self._world.now() + hook.skew_s) * 1000))
        headers = {"Content-Type": "text/plain", "t": at, "message_type": json.loads(body)["header"]["type"]}
        if hook.key:
            headers["signature"] = hmac.new(hook.key.encode(), body + at.encode(), hashlib.sha1).hexdigest()
        hook.sent += 1
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
            timeout = aiohttp.ClientTimeout(total=hook.patience_s)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(hook.url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status == 200 and json.loads(await answer.text())["messageId"] == message_id:
                    hook.answered += 1
                    return True
        return False


def _message(camera: Camera, event: Event) -> dict[str, Any]:
    kind = "ys.onoffline"
    body: dict[str, Any] = {"msgType": event.kind.upper(), "deviceName": camera.name, "devType": camera.model}
    if event.kind == "press":
        kind, body = "ys.calling", {"callingId": event.id}
    elif event.kind in ALARMS:
        kind, body = "ys.alarm", {"alarmType": WORDS[event.kind], "alarmId": event.id, "pictureList": []}
    header = {
        "channelNo": camera.channel,
        "deviceId": camera.serial,
        "messageId": f"{event.id}{secrets.token_hex(4)}",
        "messageTime": int(event.at * 1000),
        "type": kind,
    }
    return {"header": header, "body": body}
