"""The cameras that speak the vendor's own protocol in the house, on ports that the system chooses.

In life they are 9010 and 9020 everywhere, and the list names these for devices without them too.
"""

import asyncio

from simulator.camera import Camera
from simulator.local.device import Device
from simulator.pictures.studio import Studio
from simulator.ports import LOCAL_CONTROL, LOCAL_MEDIA
from simulator.state import World

HOST = "127.0.0.1"


class LocalHouse:
    def __init__(self, world: World, studio: Studio) -> None:
        self._world, self._studio = world, studio
        self._devices: dict[str, Device] = {}
        self._turn = asyncio.Lock()
        self._turning: set[asyncio.Task[None]] = set()
        world.local_doors.append(self._turned)

    def sessions(self, camera: Camera) -> int:
        """Open just now."""
        device = self._devices.get(camera.serial)
        return device.sessions if device else 0

    async def close(self) -> None:
        await asyncio.gather(*self._turning, return_exceptions=True)
        await asyncio.gather(*(device.close() for device in self._devices.values()))

    def _turned(self, camera: Camera) -> None:
        task = asyncio.get_running_loop().create_task(self._follow(camera))
        self._turning.add(task)
        task.add_done_callback(self._turning.discard)

    async def _follow(self, camera: Camera) -> None:
        """Listens while the camera speaks it; at a closed port a connection is refused."""
        async with self._turn:
            serial, chosen = camera.serial, self._world.ports.chosen
            device = self._devices.setdefault(serial, Device(self._world, self._studio, serial))
            if camera.local and not device.ports[0]:
                await device.open(HOST)
                chosen[LOCAL_CONTROL + serial], chosen[LOCAL_MEDIA + serial] = device.ports
            elif not camera.local and device.ports[0]:
                del chosen[LOCAL_CONTROL + serial], chosen[LOCAL_MEDIA + serial]
                await device.close()
