"""Connections to the media process after many EXECUTEs of several cameras, which run in their own threads."""

import json
from collections.abc import Callable

from actions.fulfillment import Fulfillment
from showcam.engine.client import MediaClient
from showcam.registry.adapter import adapt
from tests.doubles.household import Household
from tests.doubles.media_door import MediaDoor

type Make = Callable[[Household], Fulfillment]
STREAM = {"command": "action.devices.commands.GetCameraStream", "params": {"SupportedStreamProtocols": ["hls"]}}


def test_connections_to_the_media_process_are_reused(home: Household, make_fulfillment: Make) -> None:
    devices = [{"id": home.id(name)} for name in ("Garden", "Front Door")]
    payload = {"commands": [{"devices": devices, "execution": [STREAM]}]}
    body = json.dumps({"requestId": "1", "inputs": [{"intent": "action.devices.EXECUTE", "payload": payload}]}).encode()
    with MediaDoor() as door:
        client = MediaClient(door.url, home.grants.proof())
        home.adapter = adapt(home.store, {"ezviz": home.driver}, client, home.grants, home.rules)
        google, token = make_fulfillment(home), home.token()
        for _ in range(20):
            answer = json.loads(google.answer(body, token)[1])
            assert {command["status"] for command in answer["payload"]["commands"]} == {"SUCCESS"}
        assert door.opened <= len(devices)
        client.close()
