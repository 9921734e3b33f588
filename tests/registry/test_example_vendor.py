"""The example of CONTRIBUTING.md: a vendor of one folder, used through the registry like any other."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from showcam.accounts import households
from showcam.drivers.camera import Camera, Refusal, Stream, StreamRequest
from showcam.drivers.driver import Driver
from showcam.drivers.errors import SignedOut, Unavailable
from showcam.drivers.settings import CHOICES
from showcam.drivers.vendor import Vendor
from showcam.engine.grants import Grants
from showcam.net.exchange import Hosts
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.gate.reasons import explain
from showcam.registry.readings.judge import Rules
from showcam.store.records import Account, Assistant, Link, Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.household import new_link
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.tls_vendor import Vendor as Server
from tests.doubles.tls_vendor import Vendors, answer
from tests.doubles.waiting import LONG_S
from tests.examples.lakeside import LAKESIDE
from tests.examples.lakeside.driver import LakesideDriver, Secrets

pytestmark = pytest.mark.proves("A vendor is one folder")

KEY, KARI = "a-key-of-kari", "kari@example.com"
WELL = {
    "connected": True,
    "shutter_closed": False,
    "microphone": "live",
    "codec": "h264",
    "width": 1920,
    "height": 1080,
}
CAMERAS = [
    {"id": "1", "name": "Pier", "model": "L2"} | WELL,
    {"id": "2", "name": "Boathouse"} | WELL | {"shutter_closed": True},
    {"id": "3", "name": "Jetty"} | WELL | {"microphone": "muted"},
    {"id": "4", "name": "Reeds"} | WELL | {"microphone": "absent"},
    {"id": "5", "name": "Sauna"} | WELL | {"connected": False},
    {"id": "6", "name": "Mast"} | WELL | {"codec": "h265"},
    {"id": "7", "name": "Hull"} | WELL | {"shutter_closed": None},
]


@dataclass
class Lakeside:
    """The cloud. Settable: `lists` (the answer to the list) and `streams` (to asking for a picture)."""

    server: Server
    lists: bytes
    streams: bytes = b""
    keys: list[str] = field(default_factory=list)

    def say(self, requested: str, _body: bytes, headers: dict[str, str]) -> bytes:
        self.keys.append(headers["authorization"])
        return self.lists if requested.startswith("GET") else self.streams


@dataclass
class House:
    cloud: Lakeside
    driver: Driver
    source: Source
    account: Account
    store: SqliteStore
    pictures: ReadyPictures
    adapter: Adapter

    def link(self, assistant: Assistant) -> Link:
        link = new_link(self.account, assistant, None, "en")
        self.store.add_link(link)
        return link

    def camera(self, name: str) -> Camera:
        return next(camera for camera in self.adapter.owner.cameras(self.account.id).cameras if camera.name == name)

    def reason_for(self, assistant: Assistant, name: str) -> str:
        """The reason, "" where there is a stream."""
        found = self.opened(assistant, name)
        return found.reason if isinstance(found, Refusal) else ""

    def opened(self, assistant: Assistant, name: str) -> Stream | Refusal:
        return self.adapter.registry.open_stream(
            self.link(assistant), self.camera(name).id, StreamRequest(assistant, ("hls",))
        )


def reply(status: str = "200 OK", **body: Any) -> bytes:
    return answer(json.dumps(body).encode(), status)


@pytest.fixture
def house(store: SqliteStore, vendors: Vendors) -> House:
    cloud = Lakeside(Server("", Path()), reply(cameras=CAMERAS))
    server = cloud.server = vendors.answering(cloud.say)
    cloud.streams = reply(id="9", url=f"{server.url}/live/9.m3u8")
    known = {LAKESIDE.kind: LakesideDriver(store, server.host, Hosts((server.host,)), server.ca_file)}
    account = households.add(store, LAKESIDE.kind, KARI, msgspec.json.encode(Secrets(KARI, KEY)))
    pictures = ReadyPictures()
    rules = Rules(opens_per_minute=60)
    adapter = adapt(store, known, pictures, Grants([bytes(32)]), rules)
    [source] = store.sources(account.id)
    return House(cloud, known["lakeside"], source, account, store, pictures, adapter)


@pytest.mark.parametrize(
    ("camera", "alexa", "google"),
    [
        ("Pier", "", ""),
        ("Boathouse", "asleep", "asleep"),
        ("Jetty", "", "audio_off"),
        ("Reeds", "", ""),
        ("Sauna", "offline", "offline"),
        ("Mast", "not_playable", "not_playable"),
        ("Hull", "state_unknown", "state_unknown"),
    ],
)
def test_its_cameras_go_through_the_gate(house: House, camera: str, alexa: str, google: str) -> None:
    assert (house.reason_for("alexa", camera), house.reason_for("google", camera)) == (alexa, google)


@pytest.mark.parametrize(
    ("camera", "locale", "mend"),
    [
        ("Boathouse", "en", "In the Lakeside app open Boathouse and switch Sleep Mode off."),
        ("Boathouse", "nb", "Åpne Boathouse i Lakeside-appen og slå av hvilemodus."),
        ("Boathouse", "de", "Öffne in der Lakeside-App Boathouse und schalte den Schlafmodus aus."),
        ("Mast", "de", "Öffne in der Lakeside-App Mast und stelle die Videokodierung auf H.264."),
    ],
)
def test_sentences_name_the_vendor_and_no_other(house: House, camera: str, locale: str, mend: str) -> None:
    refusal = house.opened("alexa", camera)
    assert isinstance(refusal, Refusal)
    assert mend in explain(refusal, locale)
    assert "EZVIZ" not in explain(refusal, locale)


def test_a_camera_has_its_makers_name_and_an_id_that_discloses_nothing(house: House) -> None:
    pier = house.camera("Pier")
    assert (pier.manufacturer, pier.model, pier.encryption) == ("Lakeside", "L2", "none")
    assert pier.id.startswith("lakeside-")
    assert house.cloud.keys == [f"Bearer {KEY}"]


def test_the_media_process_is_handed_the_vendors_address_and_gives_it_back(house: House) -> None:
    assert house.reason_for("alexa", "Pier") == ""
    [(claims, spec)] = house.pictures.warmed
    host = house.cloud.server.host
    assert (spec.url, spec.hosts) == (f"https://{host}/live/9.m3u8", (host,))
    assert spec.sound == "on"
    assert not spec.encrypts, "Image Encryption is EZVIZ's alone"

    house.cloud.streams = answer(b"", "204 No Content")
    house.adapter.questions.release(claims, spec.lease)
    assert house.cloud.server.requests[-1][0] == "DELETE /v1/streams/9"


def test_a_household_that_is_signed_out_has_no_key_any_more(house: House) -> None:
    house.cloud.streams = answer(b"", "204 No Content")
    assert isinstance(house.driver, Vendor)
    house.driver.sign_out(house.source, LONG_S)
    assert house.cloud.server.requests[-1][0] == "DELETE /v1/sessions"
    kept = house.store.read_session(house.account.id, house.source.id)
    assert kept is not None
    assert (kept.state, KEY.encode() in kept.secrets) == ("needs_login", False)
    with pytest.raises(SignedOut):
        house.driver.sign_out(house.source, LONG_S)


@pytest.mark.parametrize(
    ("streams", "reason"),
    [
        (reply("409 Conflict", why="shutter"), "asleep"),
        (reply("409 Conflict", why="viewers"), "busy"),
        (reply("409 Conflict", why="moon"), "vendor_down"),
        (reply("401 Unauthorized"), "signed_out"),
        (reply("429 Too Many Requests"), "vendor_busy"),
        (reply("500 Internal Server Error"), "vendor_down"),
        (answer(b"<html>"), "vendor_down"),
        (reply(id="9", url="https://elsewhere.example/9.m3u8"), "vendor_down"),
        (reply(id="9", url="http://127.0.0.1/9.m3u8"), "vendor_down"),
    ],
)
def test_the_vendors_refusal_of_a_picture_keeps_its_reason(house: House, streams: bytes, reason: str) -> None:
    house.cloud.streams = streams
    assert house.reason_for("alexa", "Pier") == reason
    assert house.pictures.warmed == []


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        (reply("401 Unauthorized"), "signed_out"),
        (reply("429 Too Many Requests"), "vendor_busy"),
        (reply("503 Service Unavailable"), "vendor_down"),
        (answer(b"[]"), "vendor_down"),
        (reply(), "vendor_down"),
        (reply(cameras=[{"id": 1, "name": "Pier"}]), "vendor_down"),
    ],
)
def test_a_list_that_can_t_be_had_is_never_an_empty_one(house: House, lists: bytes, reason: str) -> None:
    house.cloud.lists = lists
    with pytest.raises(Unavailable) as refused:
        house.adapter.owner.cameras(house.account.id)
    assert (refused.value.reason, refused.value.vendor) == (reason, "Lakeside")


def test_settings_are_read_and_none_is_set(house: House) -> None:
    jetty = house.camera("Jetty")
    views = house.adapter.owner.settings(house.account.id, jetty.id)
    assert not isinstance(views, Refusal)
    assert views.keys() == CHOICES.keys()
    assert (views["audio"].value, views["sleep"].value) == ("off", "off")
    assert [setting for setting, view in views.items() if view.can_set] == []
    owner, account = house.adapter.owner, house.account.id
    changed, opened = owner.change(account, jetty.id, "audio", "on"), owner.codes.set(account, jetty.id, "ABCDEF")
    assert isinstance(changed, Refusal)
    assert isinstance(opened, Refusal)
    assert (changed.reason, opened.reason) == ("not_this_way", "not_this_way")
    assert not owner.codes.takes(account, jetty)
