"""What a house's MQTT broker, mosquitto, is told of the cameras, and what it may not do."""

import json
from pathlib import Path

import pytest

from showcam.accounts.households import add, with_lan
from showcam.app.process.settings_sources import SettingsError, load
from showcam.drivers.camera import STALE_S
from showcam.drivers.errors import VendorDown
from showcam.mqtt.broker import BadAddress, parsed
from showcam.mqtt.commands import CHANGES_A_MINUTE
from showcam.registry import quiet_times
from tests.doubles.mosquitto import Mosquitto, Viewer
from tests.doubles.needs import MOSQUITTO
from tests.doubles.waiting import until
from tests.mqtt.conftest import NODE, House, cameras

pytestmark = [
    pytest.mark.proves(
        "A broker of the house holds the states of the cameras, and gets each ring once, never again after a cut",
        leans_on="second stack: mosquitto",
        also=("tests/whole/test_mqtt.py", "tests/ship/test_mqtt_home_assistant.py"),
    ),
    MOSQUITTO.mark,
]


def known(viewer: Viewer) -> bool:
    return all(viewer.state(name) for name in ("Garden", "Front Door", "Garage"))


def test_each_camera_is_described_with_what_it_has(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    house.publish(broker.address)
    until(lambda: known(viewer))
    garden, door = viewer.device("Garden")["components"], viewer.device("Front Door")["components"]
    absent = {name for name, component in garden.items() if component.keys() == {"platform"}}
    assert absent == {"battery", "ring", "ring_trigger", "encryption_switch", "audio_switch", "sleep_switch"}
    assert {"motion", "person", "shown", "encryption", "audio", "sleep"} == garden.keys() - absent
    assert door["person"] == {"platform": "binary_sensor"}
    assert (door["ring"]["platform"], door["ring_trigger"]["topic"]) == ("event", door["ring"]["state_topic"])
    assert viewer.state("Front Door")["battery"] == 61
    assert viewer.held[f"showcam/{NODE}/status"] == b"online"


def test_whoever_comes_later_finds_all_states(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    house.publish(broker.address)
    until(lambda: known(viewer))
    viewer.settles()
    with broker.viewer() as later:
        until(lambda: known(later))
        later.settles()
        retained = {topic for topic, _, retained in later.heard if retained}
        assert retained == {topic for topic in viewer.held if not topic.startswith("settled")}
        assert len(retained) == 7  # a description and a state of each camera, and whether showcam is there


def test_a_change_and_motion_are_told(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    house.publish(broker.address)
    until(lambda: viewer.state("Garden").get("audio") == "ON")
    house.change("Garden", audio="off")
    until(lambda: viewer.state("Garden")["audio"] == "OFF")
    assert viewer.state("Garden")["motion"] == "OFF"
    house.hint("person", "F00000001")
    until(lambda: (viewer.state("Garden")["motion"], viewer.state("Garden")["person"]) == ("ON", "ON"))
    house.clock.now += 60
    until(lambda: viewer.state("Garden")["motion"] == "OFF")


def test_why_a_camera_can_not_be_shown_is_told(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    house.publish(broker.address)
    until(lambda: known(viewer))
    assert (viewer.state("Garden")["shown"], viewer.state("Garden")["why"]["reason"]) == ("ON", "")
    garage = viewer.state("Garage")
    assert (garage["shown"], garage["why"]["reason"], garage["why"]["google"]) == (
        "OFF",
        "encryption_on",
        "encryption_on",
    )
    assert garage["why"]["sentence"].startswith("Image Encryption is on for Garage")
    house.change("Garden", audio="off")
    until(lambda: viewer.state("Garden")["shown"] == "OFF")
    why = viewer.state("Garden")["why"]
    assert (why["reason"], why["alexa"], why["google"]) == ("audio_off", "", "audio_off")
    house.change("Garden", online="off")
    until(lambda: viewer.state("Garden")["availability"] == "offline")


def test_a_ring_is_told_once_and_is_not_held(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    house.publish(broker.address)
    until(lambda: known(viewer))
    house.hint("doorbell")
    until(viewer.rings)
    house.change("Garden", audio="off")
    until(lambda: viewer.state("Garden")["audio"] == "OFF")
    viewer.settles()
    [(topic, payload, retained)] = viewer.rings()
    assert (json.loads(payload), retained) == ({"event_type": "ring"}, False)
    with broker.viewer() as later:
        later.settles()
        assert later.rings() == []
    assert topic == viewer.device("Front Door")["components"]["ring"]["state_topic"]


def test_a_camera_of_the_house_rings_while_the_vendor_is_away(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    with_lan(house.home.store, house.home.account.id)
    house.home.driver.read_error = VendorDown("x")
    house.clock.now += STALE_S
    house.refresh()
    house.publish(broker.address)
    until(lambda: viewer.state("Garden") and viewer.state("Gate"))
    garden, gate = viewer.state("Garden"), viewer.state("Gate")
    assert (garden["shown"], garden["why"]["reason"], garden["audio"]) == ("OFF", "vendor_down", None)
    assert (gate["shown"], gate["why"]["reason"], gate["audio"]) == ("ON", "", "ON")
    house.hint("doorbell", "LAN1")
    until(viewer.rings)


def test_quiet_times_hold_a_ring_back(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    quiet_times.keep(house.home.store, house.home.account.id, quiet_times.QuietTimes("UTC", ((0, 720), (720, 0))))
    house.publish(broker.address)
    until(lambda: known(viewer))
    house.hint("doorbell")
    house.hint("motion")
    until(lambda: viewer.state("Front Door")["motion"] == "ON")
    viewer.settles()
    assert viewer.rings() == []


def test_after_the_broker_was_away_states_are_there_again_and_rings_are_not(house: House, broker: Mosquitto) -> None:
    house.publish(broker.address)
    house.becomes("connected")
    broker.stop()
    house.becomes("unreachable")
    house.change("Garden", audio="off")
    house.hint("doorbell")
    house.clock.now += 1
    broker.start()
    with broker.viewer() as viewer:
        until(lambda: known(viewer))
        house.becomes("connected")
        assert viewer.state("Garden")["audio"] == "OFF"
        house.change("Garden", audio="on")
        until(lambda: viewer.state("Garden")["audio"] == "ON")
        viewer.settles()
        assert viewer.rings() == []


def test_a_renamed_camera_is_described_anew_and_a_removed_one_is_taken_back(
    house: House, broker: Mosquitto, viewer: Viewer
) -> None:
    house.publish(broker.address)
    until(lambda: known(viewer))
    topic = viewer.state_topic("Garage")
    house.change("Garden", name="Orchard")
    until(lambda: viewer.device("Orchard"))
    house.home.driver.set([listed for listed in cameras() if listed.name != "Garage"])
    house.clock.now += 10
    house.refresh()
    until(lambda: viewer.held[topic] == b"")
    assert viewer.device("Garage") == {}


def test_what_an_earlier_showcam_left_of_a_camera_that_is_gone_is_taken_back(
    house: House, broker: Mosquitto, viewer: Viewer
) -> None:
    gone, of_others = f"showcam/{NODE}/ezviz-gone/state", "showcam/another/ezviz-other/state"
    viewer.send(gone, b"{}", retain=True)
    viewer.send(of_others, b"{}", retain=True)
    house.publish(broker.address)
    until(lambda: viewer.held[gone] == b"" and known(viewer))
    assert viewer.held[f"homeassistant/device/showcam_{NODE}_ezviz-gone/config"] == b""
    assert viewer.held[of_others] == b"{}"


def test_an_invited_household_is_not_published(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    add(house.home.store, "ezviz", "guest@example.com", b"{}", origin="invited")
    house.publish(broker.address)
    until(lambda: known(viewer))
    viewer.settles()
    assert len([topic for topic in viewer.held if topic.endswith("/config")]) == 3


def test_an_allowed_switch_changes_the_camera(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    house.allow("Garden", "audio", "encryption")
    house.publish(broker.address)
    until(lambda: known(viewer))
    components = viewer.device("Garden")["components"]
    assert components["sleep_switch"] == {"platform": "switch"}
    viewer.send(components["audio_switch"]["command_topic"], b"OFF")
    until(lambda: viewer.state("Garden")["audio"] == "OFF")
    viewer.send(components["encryption_switch"]["command_topic"], b"ON")
    until(lambda: viewer.state("Garden")["encryption"] == "ON")
    house.allow("Garden")
    until(lambda: viewer.device("Garden")["components"]["audio_switch"] == {"platform": "switch"})


def test_what_nobody_allowed_is_ignored_counted_and_logged_once(
    house: House, broker: Mosquitto, viewer: Viewer, capsys: pytest.CaptureFixture[str]
) -> None:
    house.allow("Garden", "audio")
    garden = house.home.id("Garden")
    house.publish(broker.address)
    until(lambda: known(viewer))
    viewer.send(f"showcam/{NODE}/{garden}/audio/set", b"OFF", retain=True)  # another showcam or a person kept it
    for topic in (f"{garden}/sleep/set", f"{house.home.id('Front Door')}/audio/set", "nobody/audio/set"):
        viewer.send(f"showcam/{NODE}/{topic}", b"OFF")
    for payload in (b"", b"off", b"\xff\x00", b"x" * 1_000_000, b"ON\n"):
        viewer.send(f"showcam/{NODE}/{garden}/audio/set", payload)
    until(lambda: house.ignored >= 8)
    viewer.settles()
    assert house.home.driver.applied == []
    assert house.commands.ignored == {"retained": 1, "no_switch": 3, "no_value": 4}  # a megabyte does not arrive
    house.becomes("connected")
    logged = capsys.readouterr().out
    assert logged.count("is ignored") == 3
    assert "Garden" not in logged


def test_a_camera_is_not_switched_without_end(house: House, broker: Mosquitto, viewer: Viewer) -> None:
    house.allow("Garden", "audio")
    house.publish(broker.address)
    until(lambda: known(viewer))
    command = viewer.device("Garden")["components"]["audio_switch"]["command_topic"]
    sent = 0
    while not house.commands.ignored["too_often"]:
        sent += 1
        assert sent < 500
        viewer.send(command, (b"ON", b"OFF")[sent % 2])
        viewer.settles()
    assert len(house.home.driver.applied) == CHANGES_A_MINUTE


@pytest.mark.parametrize(
    "text",
    [
        "broker",
        "http://broker",
        "mqtt://",
        "mqtt://a b",
        "mqtt://broker:0",
        "mqtt://broker:70000",
        "mqtt://broker/path",
        "mqtt://:password@broker",
        "mqtt://user:" + "p" * 300 + "@broker",
        "mqtt://[::1",
    ],
)
def test_what_names_no_broker_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parsed(text)
    assert "password" not in str(refused.value)


@pytest.mark.parametrize(("name", "value"), [("sign_up", "anyone"), ("store", "dynamodb"), ("mqtt", "http://secret")])
def test_a_broker_is_for_one_house_only(name: str, value: str, tmp_path: Path) -> None:
    given = {"SHOWCAM_MQTT": "mqtt://u:secret@broker", "SHOWCAM_DATA": str(tmp_path)}
    assert load(environ=given).mqtt == "mqtt://u:secret@broker"
    with pytest.raises(SettingsError) as refused:
        load(environ=given | {f"SHOWCAM_{name.upper()}": value})
    assert "mqtt from the environment (SHOWCAM_MQTT) is a secret:" in str(refused.value)
    assert "secret@" not in str(refused.value)


def test_an_address_has_its_port_and_its_password() -> None:
    assert parsed("mqtts://u:a%2Fb@broker.local").port == 8883
    assert parsed("mqtts://u:a%2Fb@broker.local").password == "a/b"
    assert (parsed("mqtt://[::1]:99").host, parsed("mqtt://[::1]:99").port) == ("::1", 99)
