"""Runs in Home Assistant's interpreter: starts it with N cameras and prints JSON, µs of CPU for each question.

`alone`: its handler, from a dict to a dict. `whole`: from bytes to bytes with the token checked, which is what
showcam's figures hold.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path

from homeassistant import bootstrap, runner
from homeassistant.components.alexa import smart_home as alexa
from homeassistant.components.google_assistant import smart_home as google
from homeassistant.core import Context
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import json_loads

from bench.questions import QUESTIONS
from bench.timing import Effort


class RememberedConfig(alexa.AlexaConfig):
    """Records the Alexa configuration that Home Assistant builds, which it does not give out."""

    built = None

    def __init__(self, *args):
        super().__init__(*args)
        RememberedConfig.built = self


class Peer:
    def __init__(self, hass, user, token):
        self.user = user
        (entry,) = hass.config_entries.async_entries("google_assistant")
        self.hass, self.token, self.google_config = hass, token, entry.runtime_data

    async def alexa(self, message):
        context = Context(user_id=self.user.id)
        return await alexa.async_handle_message(self.hass, RememberedConfig.built, message, context=context)

    async def google(self, message):
        user = self.user.id
        return await google.async_handle_message(self.hass, self.google_config, user, user, message, "cloud")

    async def whole(self, assistant, body):
        assert self.hass.auth.async_validate_access_token(self.token)
        return json_bytes(await getattr(self, assistant)(json_loads(body)))


async def main(config, effort):
    alexa.AlexaConfig = RememberedConfig
    hass = await bootstrap.async_setup_hass(runner.RuntimeConfig(config_dir=config, skip_pip=True))
    await hass.async_start()
    await hass.async_block_till_done(wait_background_tasks=False)
    (user,) = [user for user in await hass.auth.async_get_users() if user.name == "Bench"]
    peer = Peer(hass, user, Path(os.environ["BENCH_TOKEN"]).read_text())
    figures = {}
    for name, assistant, build, checking in QUESTIONS:
        message = build(peer.token, "camera#bench_0" if assistant == "alexa" else "camera.bench_0")
        body, check = json.dumps(message).encode(), checking(int(os.environ["BENCH_CAMERAS"]))
        handle = getattr(peer, assistant)
        check(json.loads(await peer.whole(assistant, body)))
        figures[name] = {
            "alone": await cpu_us(lambda handle=handle, message=message: handle(message), effort),
            "whole": await cpu_us(lambda assistant=assistant, body=body: peer.whole(assistant, body), effort),
        }
        check(json.loads(await peer.whole(assistant, body)))
    await hass.async_stop(force=True)
    return figures


async def cpu_us(call, effort):
    """bench.timing.cpu_us for a coroutine."""
    count = 1
    while (call_s := await _round(call, count)) * count < effort.round_s / 4:
        count *= 2
    count = max(1, round(effort.round_s / call_s))
    return min([await _round(call, count) for _ in range(effort.rounds)]) * 1e6


async def _round(call, count):
    started = time.process_time()
    for _ in range(count):
        await call()
    return (time.process_time() - started) / count


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--round-s", type=float, required=True)
    given = parser.parse_args()
    json.dump(asyncio.run(main(given.config, Effort(given.rounds, given.round_s))), sys.stdout)
