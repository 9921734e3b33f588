"""Runs in Home Assistant's interpreter: its `stream` component, with its defaults, shows cameras by HLS.

For each URL on a line of standard input it begins that camera's stream and prints the path of its master playlist, as
its camera component does when a display asks; `over` as the line ends it.
"""

import asyncio
import sys

from homeassistant import bootstrap, runner
from homeassistant.components.camera import DynamicStreamSettings
from homeassistant.components.stream import create_stream


async def main(config):
    hass = await bootstrap.async_setup_hass(runner.RuntimeConfig(config_dir=config, skip_pip=True))
    await hass.async_start()
    await hass.async_block_till_done(wait_background_tasks=False)
    print("ready", flush=True)
    while (line := (await asyncio.to_thread(sys.stdin.readline)).strip()) not in ("", "over"):
        stream = create_stream(hass, line, {}, DynamicStreamSettings())
        stream.add_provider("hls")
        await stream.start()
        print(stream.endpoint_url("hls"), flush=True)
    await hass.async_stop(force=True)


asyncio.run(main(sys.argv[1]))
