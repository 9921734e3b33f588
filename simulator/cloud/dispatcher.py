"""The vendor's dispatcher of live streams (VTM): it takes a token and sends the client on to a stream node."""

import asyncio
import secrets

from simulator.cloud.tokens import Tokens, asked, camera_of
from simulator.cloud.wire import ANSWER, ASK, Line, fields_of, message, text_of
from simulator.state import World

REDIRECT, NO_CAMERA, NO_RIGHT, BAD_TOKEN, BAD_URL = 5302, 6106, 5411, 5406, 5407
ELSEWHERE = {"private": "10.0.0.1", "foreign": "vtdu.example.com", "link_local": "169.254.169.254"}


class Dispatcher:
    def __init__(self, world: World, tokens: Tokens) -> None:
        self._world, self._tokens = world, tokens
        self.node_port = 0

    async def serve(self, line: Line) -> None:
        code, body = await asyncio.wait_for(line.heard(), 10)
        if code != ASK:
            return
        url = text_of(fields_of(body), 1)
        self._world.calls["vtm"] += 1
        await asyncio.sleep(self._world.settings.node_s / 4)
        fault = self._world.settings.stream_fault
        if fault == "hangs":
            await asyncio.sleep(3600)
        if fault == "drips":
            await line.drip(ANSWER, message(self._answer(url)))
        else:
            line.say(ANSWER, message(self._answer(url)))
        await line.writer.drain()

    def _answer(self, url: str) -> dict[int, int | str]:
        requested, settings = asked(url), self._world.settings
        if not requested:
            return {1: BAD_URL}
        token = requested.get("ssn", "")
        user = self._tokens.spent(token)
        if user is None or settings.stream_fault == "tokens":
            return {1: BAD_TOKEN}
        camera = camera_of(self._world, requested)
        if camera is None:
            return {1: NO_CAMERA}
        if camera not in self._world.visible(user):
            return {1: NO_RIGHT}
        host = ELSEWHERE.get(settings.stream_fault, "127.0.0.1")
        # the whole picture, whichever was asked for; and what only the two servers understand
        query = "&".join(f"{name}={'1' if name == 'stream' else value}" for name, value in requested.items())
        redirect = f"ysproto://{host}:{self.node_port}/live?{query}&hdSign={secrets.token_hex(8)}&busiProxy=0"
        ticket = self._tokens.ticket(redirect, user, token)
        return {1: REDIRECT, 5: ticket.key, 6: "ys7-vtm v2.18.5", 7: redirect}
