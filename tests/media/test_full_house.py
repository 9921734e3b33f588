"""Both assistants over one household whose places are taken: refused by code, and shown when one is free."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actions.fulfillment import Fulfillment
from actions.signalling import Signalling
from showcam.accounts import households
from showcam.accounts.links import authenticate
from showcam.accounts.pins import Pins
from showcam.alexa.smart_home import SmartHome
from showcam.drivers.camera import Camera
from showcam.engine.grants import Picture
from showcam.engine.source import CameraSpec
from showcam.registry.adapter import adapt
from showcam.registry.readings.judge import Rules
from showcam.store.records import Link, Source
from tests.doubles.echo_offer import offer
from tests.doubles.hls_camera import Vendor
from tests.doubles.household import Household, demo_cameras, household
from tests.doubles.ready_driver import ReadyDriver
from tests.media.conftest import World


class Filmed(ReadyDriver):
    """Every camera shows the vendor's one picture."""

    films: Vendor

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        self._called("mint", deadline_s)
        return self.films.open("garden")


@dataclass
class House:
    home: Household
    world: World
    skill: SmartHome
    fulfillment: Fulfillment
    google_token: str

    def alexa(self, namespace: str, name: str, payload: Any) -> dict[str, Any]:
        scope = {"type": "BearerToken", "token": self.home.token()}
        header = {"namespace": namespace, "name": name, "messageId": "q", "correlationToken": "c"}
        endpoint = {"scope": scope, "endpointId": self.home.id("Garden")}
        directive = {"directive": {"header": header, "endpoint": endpoint, "payload": payload}}
        event = json.loads(self.skill.answer(json.dumps(directive).encode()))["event"]
        return dict(event["payload"])

    def google(self, *protocols: str) -> dict[str, Any]:
        params = {"StreamToChromecast": True, "SupportedStreamProtocols": protocols}
        execution = {"command": "action.devices.commands.GetCameraStream", "params": params}
        commands = [{"devices": [{"id": self.home.id("Garden")}], "execution": [execution]}]
        body = {"requestId": "1", "inputs": [{"intent": "action.devices.EXECUTE", "payload": {"commands": commands}}]}
        answer = json.loads(self.fulfillment.answer(json.dumps(body).encode(), self.google_token)[1])
        return dict(answer["payload"]["commands"][0])


@pytest.fixture
def house(start: Callable[..., World], vendor: Vendor, tmp_path: Path) -> Iterator[House]:
    """A place for one viewer, and reasons are shown as pictures where they can be."""
    world = start(live_per_account=1)
    home = household(tmp_path)
    home.driver = driver = Filmed(demo_cameras())
    driver.films = vendor
    client, rules = world.plane.client(), Rules(explain="picture", opens_per_minute=600)
    home.adapter = adapt(home.store, {"ezviz": driver}, client, world.grants, rules)
    google = home.another_link("google")

    def end(link: Link) -> None:
        households.end(home.store, client, link)

    yield House(
        home,
        world,
        SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry),
        Fulfillment(
            partial(authenticate, home.store, assistant="google"),
            home.registry,
            end,
            "https://home.example",
            Pins(home.store),
        ),
        home.token(google),
    )
    home.store.close()


ASKS: dict[str, tuple[Callable[[House], dict[str, Any]], dict[str, Any]]] = {
    "Alexa, HLS": (
        lambda house: house.alexa(
            "Alexa.CameraStreamController", "InitializeCameraStreams", {"cameraStreams": [{"protocol": "HLS"}]}
        ),
        {"type": "ENDPOINT_BUSY"},
    ),
    "Alexa, WebRTC": (
        lambda house: house.alexa(
            "Alexa.RTCSessionController",
            "InitiateSessionWithOffer",
            {"sessionId": "s", "offer": {"format": "SDP", "value": offer()}},
        ),
        {"type": "ENDPOINT_BUSY"},
    ),
    "Google, HLS": (lambda house: house.google("hls"), {"status": "ERROR", "errorCode": "deviceBusy"}),
    "Google, WebRTC": (lambda house: house.google("webrtc"), {"status": "ERROR", "errorCode": "deviceBusy"}),
}


@pytest.mark.parametrize("asks", ASKS)
def test_a_full_house_is_reported_and_the_place_of_who_leaves_is_given(house: House, asks: str) -> None:
    ask, expected = ASKS[asks]
    taken = house.world.claims("garden", account=house.home.account.id, link="link-1")
    house.world.plane.client().warm(taken, house.world.vendor.open("garden"))

    refused = ask(house)
    assert {name: refused[name] for name in expected} == expected
    assert house.home.driver.calls["release"] == house.home.driver.calls["mint"], "no address is kept for nothing"
    house.world.plane.client().end_session("link-1", taken.nonce)

    granted = ask(house)
    assert granted.keys() & {"cameraStreams", "answer", "states"}, granted


def test_at_google_an_offer_after_the_end_is_gone_for_good(house: House) -> None:
    signalling = Signalling(house.home.offers)
    grant = house.google("webrtc")["states"]["cameraStreamAuthToken"]

    def post(**body: str) -> int:
        return signalling.answer("POST", grant, None, None, json.dumps(body).encode())[0]

    asked = [{"action": "offer", "sdp": offer()}, {"action": "end"}, *[{"action": "offer", "sdp": offer()}] * 2]
    assert [post(**body) for body in asked] == [200, 200, 410, 410]


@pytest.mark.parametrize("began", [True, False], ids=["after an answer", "before any"])
def test_what_was_ended_leaves_its_place(house: House, began: bool) -> None:
    grant = house.google("webrtc")["states"]["cameraStreamAuthToken"]
    if began:
        house.home.offers.answer(grant, offer())
    house.home.offers.end(grant)
    assert house.google("hls")["status"] == "SUCCESS"
