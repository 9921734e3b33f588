"""Runs in Home Assistant's interpreter: its own sender of doorbell events, sent to a gateway at a pace.

Each event is about an endpoint of its own, by which the gateway's owner finds it again. The access token and the entity
are ours, the rest is Home Assistant's.
"""

import asyncio
import contextlib
import logging
import ssl
import sys
import tempfile

import aiohttp
from homeassistant.components.alexa import state_report
from homeassistant.core import HomeAssistant


class Config:
    """What the sender asks of its configuration."""

    def __init__(self, endpoint):
        self.endpoint, self.token = endpoint, "Atza|peer"

    async def async_get_access_token(self):
        return self.token

    def async_invalidate_access_token(self):
        self.token = "Atza|renewed"

    async def set_authorized(self, authorized):
        """Home Assistant would stop here until somebody links again; the bench lets it go on."""


class Entity:
    def __init__(self, number):
        self.entity_id, self._id = f"binary_sensor.bell_{number}", f"binary_sensor#bell_{number}"

    def alexa_id(self):
        return self._id


async def main(host, ca_file, count, rate):
    logging.disable(logging.CRITICAL)
    hass = HomeAssistant(tempfile.gettempdir())
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca_file))
    async with aiohttp.ClientSession(connector=connector) as session:
        state_report.async_get_clientsession = lambda _hass: session
        config = Config(f"https://{host}/v3/events")
        loop, tasks = asyncio.get_running_loop(), []
        began = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            tasks.append(asyncio.create_task(send(hass, config, Entity(number))))
        await asyncio.gather(*tasks)
    await hass.async_stop(force=True)


async def send(hass, config, entity):
    """An answer that is no JSON, or cut, ends the call with an error, which Home Assistant logs."""
    with contextlib.suppress(Exception):
        await state_report.async_send_doorbell_event_message(hass, config, entity)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
