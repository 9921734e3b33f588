"""`/_control`: the changes it accepts, and those it refuses with a problem document."""

from typing import Any

import pytest
import requests

from tests.doubles.cloud import Cloud
from tests.doubles.waiting import until


def send(cloud: Cloud, method: str, path: str, **more: Any) -> requests.Response:
    return requests.request(method, f"{cloud.process.url}{path}", timeout=30, **more)


def test_it_lists_every_camera(cloud: Cloud) -> None:
    rows = send(cloud, "GET", "/_control").json()["cameras"]
    assert {row["name"]: row["owner"].partition("@")[0] for row in rows} == {
        "Garden": "demo",
        "Front Door": "demo",
        "Garage": "demo",
        "Nursery": "demo",
        "Attic": "demo",
        "Bedroom": "demo",
        "Pond": "demo",
        "Porch": "mfa",
        "Study": "other",
        **dict.fromkeys(("Terrace", "Driveway", "Shed"), "real"),
        **dict.fromkeys(("Boathouse", "Hall", "Courtyard Wide", "Courtyard Close", "Workshop"), "family"),
        **dict.fromkeys(("Carport", "Balcony", "Stairs", "Mailbox"), "keys"),
        **dict.fromkeys(("Greenhouse", "Loft", "Pantry", "Cellar"), "family"),
    }
    garage = next(row for row in rows if row["name"] == "Garage")
    assert garage == {
        "serial": cloud.serials["Garage"],
        "channel": 1,
        "name": "Garage",
        "owner": "demo@example.com",
        "turning": "",
        "turned": [],
        "shared_with": [],
        "kind": "camera",
        "model": "C3TN",
        "label": "ABCDEF",
        "codec": "h264",
        "size": [640, 360],
        "sub_size": [320, 180],
        "rtsp": True,
        "encryption": True,
        "layout": "body",
        "selective": False,
        "ciphers_link": False,
        "transport": "ps",
        "audio": True,
        "online": True,
        "asleep": False,
        "privacy": False,
        "light": True,
        "armed": True,
        "muted": False,
        "sensitivity": 3,
        "offline_notify": False,
        "night_vision": 2,
        "flipped": False,
        "zone": "138",
        "date_format": 0,
        "storage": "ok",
        "rejects_label_code": False,
        "mailed": "",
        "fault": None,
        "watched": False,
        "local": "",
        "local_streams": 0,
        "cloud_streams": 0,
        "events": [],
    }
    friendly = [row for row in rows if row["owner"].partition("@")[0] not in ("real", "family", "keys")]
    odd = {(row["name"], flag) for row in friendly for flag in ("audio", "online") if not row[flag]}
    odd |= {(row["name"], flag) for row in friendly for flag in ("encryption", "asleep") if row[flag]}
    assert odd == {
        ("Garage", "encryption"),
        ("Nursery", "audio"),
        ("Attic", "online"),
        ("Bedroom", "asleep"),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"encryption": True},
        {"audio": False},
        {"transport": "rtp"},
        {"layout": "whole"},
        {"selective": True},
        {"ciphers_link": True},
        {"online": False},
        {"asleep": True},
        {"privacy": True},
        {"name": "Kjøkkenhagen"},
        {"fault": "timeout"},
        {"fault": "http500"},
        {"fault": "rate"},
        {"fault": "expired"},
        {"fault": None},
        {"audio": False, "name": "Yard", "online": False},
        {"size": [1920, 1080], "sub_size": [768, 432]},
        {"sub_size": None},
        {},
    ],
)
def test_it_changes_a_camera_at_once(cloud: Cloud, change: dict[str, Any]) -> None:
    before = of_the_camera(cloud.row("Garden"))
    row = cloud.control(cloud.serials["Garden"], **change)
    assert of_the_camera(row) == of_the_camera(cloud.row("Garden")) == before | change


def of_the_camera(row: dict[str, Any]) -> dict[str, Any]:
    """Without who watches it: viewers of a test before this one leave when they do."""
    return {name: value for name, value in row.items() if name not in ("watched", "cloud_streams")}


@pytest.mark.parametrize(("name", "kind"), [("Front Door", "press"), ("Front Door", "motion"), ("Garden", "motion")])
def test_an_event_is_added_to_the_camera(cloud: Cloud, name: str, kind: str) -> None:
    before = len(cloud.row(name)["events"])
    assert len(cloud.control(cloud.serials[name], **{kind: False})["events"]) == before
    events = cloud.control(cloud.serials[name], **{kind: True})["events"]
    assert (len(events), events[0]["kind"]) == (before + 1, kind)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"sound": True}, "unknown field `sound`"),
        ({"audio": "off"}, "got `str` - at `$.audio`"),
        ({"audio": 1}, "got `int` - at `$.audio`"),
        ({"online": []}, "got `array` - at `$.online`"),
        ({"name": ""}, "“name” is a text of 1 to 50 bytes"),
        ({"name": " "}, "“name” is a text of 1 to 50 bytes"),
        ({"name": "ø" * 26}, "“name” is a text of 1 to 50 bytes"),
        ({"name": 7}, "got `int` - at `$.name`"),
        ({"press": True}, "Garden is no doorbell"),
        ([], "The body is a JSON object"),
        ("audio", "The body is a JSON object"),
    ],
)
def test_a_wrong_change_is_named_and_nothing_is_changed(cloud: Cloud, body: Any, named: str) -> None:
    before = of_the_camera(cloud.row("Garden"))
    mixed = {"asleep": True} | body if isinstance(body, dict) else body
    reply = send(cloud, "POST", f"/_control/{cloud.serials['Garden']}", json=mixed)
    assert (reply.status_code, reply.headers["Content-Type"].partition(";")[0]) == (400, "application/problem+json")
    assert named in reply.json()["detail"]
    assert of_the_camera(cloud.row("Garden")) == before


@pytest.mark.parametrize(
    ("path", "data", "headers", "status", "named"),
    [
        ("/_control/Z99999999", b"{}", {}, 404, "There are F00497201"),
        ("/_control/F00497201", b"{", {}, 400, "no JSON"),
        ("/_control/F00497201", b"\xff", {}, 400, "no JSON"),
        ("/_control/F00497201", b"[" * 100_000, {}, 400, "no JSON"),
        ("/_control/F00497201", b" " * 300_000, {}, 413, "few words"),
        ("/_control/F00497201", b"{}", {"Content-Type": "text/plain"}, 415, "application/json"),
        ("/_control/F00497201", b"{}", {"Host": "evil.example"}, 421, "loopback"),
        ("/_control/F00497201", b"{}", {"Origin": "http://evil.example"}, 403, "Another site"),
    ],
)
def test_a_bad_request_is_refused_by_status_and_reason(
    cloud: Cloud, path: str, data: bytes, headers: dict[str, str], status: int, named: str
) -> None:
    reply = send(cloud, "POST", path, data=data, headers={"Content-Type": "application/json"} | headers)
    assert (reply.status_code, reply.json()["status"]) == (status, status)
    assert named in reply.json()["detail"]


def test_the_simulators_own_page_may_change_a_camera(cloud: Cloud) -> None:
    reply = send(cloud, "POST", f"/_control/{cloud.serials['Garden']}", json={}, headers={"Origin": cloud.process.url})
    assert reply.status_code == 200


@pytest.mark.parametrize(
    "settings", [{"cut_s": 5}, {"latency_ms": 0.5, "region": "circle"}, {"viewers": 1, "terminals": 3}]
)
def test_it_changes_the_vendor(cloud: Cloud, settings: dict[str, Any]) -> None:
    reply = send(cloud, "POST", "/_control", json=settings)
    assert reply.json().items() >= settings.items()
    assert send(cloud, "GET", "/_control").json()["settings"] == reply.json()


def test_it_lists_every_port_in_one_table(cloud: Cloud) -> None:
    first = cloud.process.port
    given = {"control": first, "app_api": first + 1, "push": first + 2}
    given |= {"barn_rtsp": first + 3, "barn_onvif": first + 4, "open_platform": first + 5}
    doors = {f"rtsp/{cloud.serials[name]}" for name in ("Garden", "Garage", "Nursery", "Attic", "Bedroom", "Pond")}
    doors |= {f"rtsp/{cloud.serials[name]}" for name in ("Porch", "Study")}
    names = given.keys() | {"vtm", "vtdu", "cas", "cast", *doors}
    until(lambda: cloud.process.ports().keys() <= names)  # those of a test before are shut a moment later
    ports = send(cloud, "GET", "/_control").json()["ports"]
    assert {name: ports[name] for name in given} == given
    assert ports.keys() == names
    assert len(set(ports.values())) == len(ports)


def test_health_is_ok_while_everything_serves(cloud: Cloud) -> None:
    assert send(cloud, "GET", "/healthz").json() == {"status": "ok"}
