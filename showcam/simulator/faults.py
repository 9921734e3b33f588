"""The faults of a vendor's answer, the same at the app API and the Open Platform."""

import asyncio
import json
from typing import get_args

from aiohttp import web

from showcam.simulator.assistants.cloud_faults import HANG_S
from showcam.simulator.camera import Camera, Fault
from showcam.simulator.state import World, fault_of

GARBAGE = b'\x00{"code":200,"meta":{"code":\xff\xfe'
HTML = "<!DOCTYPE html><html><body><h1>Service is being maintained</h1></body></html>"
# Faults with a different form at each API: "expired" at the session or token, "rate" and "quota" by a code.
OWN_WORDS = frozenset({"expired", "rate", "quota", "clock_skew"})
FAULTS: tuple[str, ...] = get_args(Fault.__value__)


class Faulty(Exception):
    """A call meets a fault; `spoiled` makes the answer."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def met(world: World, cameras: list[Camera]) -> tuple[Fault | None, Camera | None]:
    """Returns the fault of a call about these cameras: the vendor's fault, or that of the first camera with a fault."""
    if world.settings.fault:
        return world.settings.fault, None
    camera = fault_of(cameras)
    return (camera.fault, camera) if camera else (None, None)


async def spoiled(request: web.Request, fault: Fault) -> web.StreamResponse:
    if fault == "timeout":
        await asyncio.sleep(HANG_S)
        return web.Response(status=504)
    if fault == "garbage":
        return web.Response(body=GARBAGE, content_type="application/json")
    if fault == "html":
        return web.Response(text=HTML, content_type="text/html")
    if fault == "half":
        return await _half(request)
    return web.Response(status=500, text="<html>gateway</html>", content_type="text/html")


async def _half(request: web.Request) -> web.StreamResponse:
    whole = json.dumps({"meta": {"code": 200, "message": "", "moreInfo": None}, "code": "200", "data": {}}).encode()
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(whole))})
    await answer.prepare(request)
    await answer.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.close()
    return answer
