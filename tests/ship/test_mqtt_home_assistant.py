"""Home Assistant itself, beside the demo at the same broker: it makes the entities, sees them change, and switches."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
import requests

from bench.peer import environment
from scripts.deploy_local.emulator import free_ports
from tests.doubles.mosquitto import PASSWORD, USER, Mosquitto, Viewer
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = [
    pytest.mark.timeout(1800),  # the first time Home Assistant is installed
    pytest.mark.proves(
        "Home Assistant makes of each camera a device by MQTT, with its states, its rings and the allowed switches",
        leans_on="second stack: Home Assistant's MQTT integration and mosquitto; double: EZVIZ",
    ),
]


class HomeAssistant:
    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._base = f"http://127.0.0.1:{port}/api"
        self._headers = {"Authorization": f"Bearer {token}"}

    def states(self) -> dict[str, Any]:
        answer = requests.get(f"{self._base}/states", headers=self._headers, timeout=LONG_S)
        return {row["entity_id"]: row for row in answer.json()}

    def state(self, entity: str) -> str:
        """ "" if there is no such entity."""
        row = self.states().get(entity)
        return str(row["state"]) if row else ""

    def triggers(self, entity: str) -> list[tuple[str, str]]:
        """Type and subtype of the triggers that MQTT has made for the entity's device."""
        device = self.rendered(f"{{{{ device_id('{entity}') }}}}")
        rows = asyncio.run(asked(self._port, self._token, type="device_automation/trigger/list", device_id=device))
        return [(row["type"], row["subtype"]) for row in rows if row["domain"] == "mqtt"]

    def call(self, service: str, entity: str) -> None:
        answer = requests.post(
            f"{self._base}/services/{service}", headers=self._headers, json={"entity_id": entity}, timeout=LONG_S
        )
        answer.raise_for_status()

    def rendered(self, template: str) -> str:
        answer = requests.post(
            f"{self._base}/template", headers=self._headers, json={"template": template}, timeout=LONG_S
        )
        return answer.text


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("broker"), is_careful=True) as started:
        yield started


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[Program]:
    environ: dict[str, Any] = {"SHOWCAM_MQTT": broker.address, "SHOWCAM_POLL_S": "3"}
    with running(tmp_path_factory.mktemp("house"), forked=False, troubled=True, **environ) as started:
        started.login()
        yield started


@pytest.fixture(scope="module")
def viewer(program: Program, broker: Mosquitto) -> Iterator[Viewer]:
    with broker.viewer() as made:
        until(lambda: made.state("Garden") and made.state("Front Door"))
        yield made


@pytest.fixture(scope="module")
def assistant(viewer: Viewer, broker: Mosquitto) -> Iterator[HomeAssistant]:
    environment.ensure()
    port = free_ports(1)
    with environment.serving(0, port, [environment.mqtt_entry(broker.port, USER, PASSWORD)]) as (process, file):
        made = HomeAssistant(port, environment.token(file, process))
        until(lambda: made.state("binary_sensor.garden_motion"))
        yield made


async def asked(port: int, token: str, **question: str) -> Any:
    """The answer to a question of Home Assistant's own pages, by their WebSocket."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"ws://127.0.0.1:{port}/api/websocket") as ws:
        await ws.receive_json()
        await ws.send_json({"type": "auth", "access_token": token})
        await ws.receive_json()
        await ws.send_json({"id": 1, **question})
        return (await ws.receive_json())["result"]


def becomes(holds: Callable[[], object]) -> None:
    until(holds, 2 * LONG_S)


def test_each_camera_is_a_device_with_its_states(assistant: HomeAssistant, viewer: Viewer) -> None:
    becomes(lambda: assistant.state("binary_sensor.garden_can_be_shown") == "on")
    becomes(lambda: assistant.state("binary_sensor.garage_can_be_shown") == "off")
    found = assistant.states()
    why = found["binary_sensor.garage_can_be_shown"]["attributes"]
    assert (why["reason"], why["alexa"], why["google"]) == ("encryption_on", "encryption_on", "encryption_on")
    assert found["binary_sensor.garage_image_encryption"]["state"] == "on"
    assert found["binary_sensor.nursery_audio"]["state"] == "off"
    assert found["binary_sensor.bedroom_sleep_mode"]["state"] == "on"
    assert found["binary_sensor.attic_motion"]["state"] == "unavailable"
    assert found["binary_sensor.attic_can_be_shown"]["state"] == "off"
    assert [name for name in found if name.startswith("switch.")] == []
    described = {topic.split("/")[2] for topic, payload in viewer.held.items() if topic.endswith("/config") and payload}
    known = [name for name in found if name.endswith("_can_be_shown")]
    assert len(known) == len(described)


def test_a_ring_is_an_event(program: Program, assistant: HomeAssistant) -> None:
    assert assistant.state("event.front_door_doorbell") == "unknown"
    assert assistant.triggers("event.front_door_doorbell") == [("ring", "doorbell")]
    assert assistant.triggers("binary_sensor.garden_can_be_shown") == []
    program.change("Front Door", press=True)
    becomes(lambda: assistant.state("event.front_door_doorbell") not in ("unknown", "unavailable", ""))
    assert assistant.states()["event.front_door_doorbell"]["attributes"]["event_type"] == "ring"


def test_an_allowed_switch_is_made_switches_and_goes(program: Program, assistant: HomeAssistant) -> None:
    def allow(what: str) -> None:
        done = program.command("cameras", "set", "Garden", "mqtt_may", what, "--demo")
        assert done.returncode == 0, done.stderr

    allow("audio")
    becomes(lambda: assistant.state("switch.garden_audio") == "on")
    assistant.call("switch/turn_off", "switch.garden_audio")
    becomes(lambda: assistant.state("switch.garden_audio") == "off")
    assert not program.cameras()["Garden"]["audio"]
    assert assistant.state("binary_sensor.garden_audio") == "off"
    allow("nothing")
    becomes(lambda: assistant.state("switch.garden_audio") == "")
    assert assistant.state("binary_sensor.garden_audio") == "off"


def test_a_camera_that_is_renamed_or_gone_is_so_there(program: Program, assistant: HomeAssistant) -> None:
    name = "{{ device_attr('binary_sensor.pond_can_be_shown', 'name') }}"
    assert assistant.rendered(name) == "Pond"
    program.change("Pond", name="Lake")
    becomes(lambda: assistant.rendered(name) == "Lake")


def test_showcams_end_is_seen(program: Program, assistant: HomeAssistant) -> None:
    program.stop()
    becomes(lambda: assistant.state("binary_sensor.garden_can_be_shown") == "unavailable")
    program.start()
    becomes(lambda: assistant.state("binary_sensor.garden_can_be_shown") == "on")
    log = json.dumps(assistant.states()["event.front_door_doorbell"]["attributes"])
    assert "ring" in log
