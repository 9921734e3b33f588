"""How many files of showcam run code for one picture: house.toml holds the figure, and `make house` prints it."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.deploy_local.displays import Alexa
from tests.doubles.program import ROOT, running
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.waiting import LONG_S, until
from tests.doubles.walk import Walk
from tests.whole.test_bad_input import tokens


async def show(echo: Alexa, camera: str, walk: Walk) -> None:
    viewer = Viewer()
    try:
        offer = {"sessionId": "s-1", "offer": {"format": "SDP", "value": await viewer.offer()}}
        with walk.during():
            asked = "Alexa.RTCSessionController", "InitiateSessionWithOffer", offer, camera
            event = await asyncio.to_thread(echo.ask, *asked)
            await viewer.accept(event["payload"]["answer"]["value"])
            await viewer.until(lambda: viewer.pictures, LONG_S)
    finally:
        await viewer.close()


def test_alexa_show_the_garden_camera_runs_code_of_so_many_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file more is one more to read for whoever follows a picture through the house; the failure names all.

    What looks at all sessions every few seconds (`showcam/engine`) runs within it or does not.
    """
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    walk = Walk(tmp_path / "walk")
    with running(tmp_path, forked=False, troubled=True, **walk.environ) as program:
        program.link("alexa")
        # the skill's event follows the linking, and is no part of the walk
        linked = 'showcam_requests_total{route="spoken",status="200"}'
        until(lambda: linked in requests.get(f"{program.web}/metrics", timeout=LONG_S).text)

        def directive(body: dict[str, Any]) -> dict[str, Any]:
            return dict(requests.post(f"{program.web}/alexa/smart-home", json=body, timeout=LONG_S).json())

        echo = Alexa(directive, tokens(program, "alexa"))
        [garden] = [camera for camera in echo.discover() if camera["friendlyName"] == "Garden"]
        asyncio.run(show(echo, garden["endpointId"], walk))
    rooms = {Path(file).parts[1] for file in walk.files if file.startswith("showcam/")}
    assert rooms >= {"alexa", "registry", "drivers", "store", "engine"}
    assert len(walk.files) <= tomllib.loads((ROOT / "house.toml").read_text())["walk"]["files"], walk.files
