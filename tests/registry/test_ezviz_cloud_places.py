"""What an account's list says of the cloud stream: which cameras have it, and which dispatcher is asked."""

import json
from typing import Any

import pytest

from showcam.drivers.camera import UNASKED, Camera, Measured, Ref
from showcam.drivers.errors import DriverError, Refused
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.pictures import Cloud, Place
from showcam.store.sqlite import SqliteStore
from tests.doubles.ready_driver import camera as ready
from tests.doubles.tls_vendor import Vendors, answer
from tests.doubles.waiting import LONG_S
from tests.registry.test_ezviz_cloud import asked


class Unlisted:
    """A vendor whose list names no dispatcher. `dispatcher`: its answer about the one camera, as the app asks."""

    def __init__(self, vendors: Vendors, store: SqliteStore, dispatcher: dict[str, Any] | bytes) -> None:
        self._dispatcher = dispatcher
        self.vendor = vendors.answering(self._reply)
        hosts = EzvizHosts.of("eu", api=self.vendor.host, open_platform=self.vendor.host)
        self.driver = EzvizDriver(store, hosts, ca_file=self.vendor.ca_file, demo=True, cloud=True)
        (self.source,) = store.sources(sessions.add_owner(store, "kari@example.com").id)
        session = {"session_id": "h.eyJzIjoic2lnbiJ9.t", "rf_session_id": "r", "username": "kari"}
        addresses = {"api_url": self.vendor.host, "service_urls": {"authAddr": self.vendor.url, "sysConf": []}}
        self.driver.sessions.signed_in(self.source, "kari@example.com", session | addresses)
        self.driver.sessions.allow_open_way(self.source, allowed=True)

    def _reply(self, requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        path = requested.partition(" ")[2].partition("?")[0]
        if path == "/vtdutoken2":
            return answer(b'{"retcode": 0, "tokens": ["ut.T", "ut.U"]}')  # of others than the first nothing is known
        if path == "/v3/streaming/vtm/F1/1" and isinstance(self._dispatcher, bytes):
            return self._dispatcher
        reply: dict[str, Any] = {"meta": {"code": 200}}
        if path == "/v3/streaming/vtm/F1/1" and not isinstance(self._dispatcher, bytes):
            reply |= self._dispatcher
        else:
            device = {"deviceSerial": "F1", "deviceCategory": "BatteryCamera", "status": 1}
            reply |= {"deviceInfos": [device], "resourceInfos": [ROW | {"resourceName": "Terrace"}], "VTM": {}}
            reply |= {"VIDEO_QUALITY": {"r": [{"streamType": 1, "videoLevel": 2}]}}
        return answer(json.dumps(reply).encode())

    def camera(self) -> Camera:
        (camera,) = self.driver.read(self.source, LONG_S)
        return Camera.of(camera)


@pytest.mark.proves(
    "A camera whose dispatcher EZVIZ's list does not name is shown by the one that EZVIZ names for it",
    leans_on="double: EZVIZ's cloud",
)
def test_a_dispatcher_that_the_list_does_not_name_is_asked_for(vendors: Vendors, store: SqliteStore) -> None:
    it = Unlisted(vendors, store, {"streamServerConfig": VTM | {"externalIp": "127.0.0.1"}})
    assert it.camera().ways == ("cloud",)
    spec = it.driver.mint(it.source, it.camera(), "cloud", LONG_S)
    assert (spec.hosts, asked(spec.url)["stream"]) == (("127.0.0.1:8554",), "1"), "it has no smaller picture"
    assert asked(spec.url)["ssn"] == "ut.T"
    it.driver.sessions.allow_open_way(it.source, allowed=False)
    assert it.camera().ways == (UNASKED,)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (answer(b"", "500 Internal Server Error"), "vendor_down"),
        (answer(b"", "429 Too Many Requests"), "vendor_busy"),
        (answer(b"<html>"), "vendor_down"),
        (answer(b'{"meta": {"code": 10029}}'), "vendor_busy"),
    ],
)
def test_a_vendor_in_trouble_has_not_said_that_a_camera_has_no_dispatcher(
    vendors: Vendors, store: SqliteStore, trouble: bytes, reason: str
) -> None:
    it = Unlisted(vendors, store, trouble)
    with pytest.raises(DriverError) as failed:
        it.driver.mint(it.source, it.camera(), "cloud", LONG_S)
    assert failed.value.reason == reason


@pytest.mark.parametrize(
    "dispatcher",
    [{}, {"streamServerConfig": None}, {"streamServerConfig": {}}, {"meta": {"code": 2000}}],
    ids=["nothing", "none", "empty", "refused"],
)
def test_a_camera_that_has_no_dispatcher_has_no_way(
    vendors: Vendors, store: SqliteStore, dispatcher: dict[str, Any]
) -> None:
    it = Unlisted(vendors, store, dispatcher)
    with pytest.raises(Refused) as refused:
        it.driver.mint(it.source, it.camera(), "cloud", LONG_S)
    assert refused.value.reason == "no_way"


VTM = {"externalIp": "8.8.4.4", "domain": "vtm.ezvizlife.com", "internalIp": "None", "port": 8554}
ROW = {"resourceId": "r", "deviceSerial": "F1", "localIndex": "1", "resourceType": 50, "streamBizUrl": "biz=1"}


def places(*rows: dict[str, Any], loopback: bool = False, **sections: Any) -> dict[int, Place | None]:
    page = {"resourceInfos": list(rows) or [ROW], "VTM": {"r": VTM}} | sections
    cloud = Cloud(loopback=loopback)
    both = tuple(ready(f"C{channel}", ref=Ref("s", "F1", channel), ways=()) for channel in (1, 2))
    offered = cloud.offered(both, [page], agreed=True)
    found = {camera.ref.channel: cloud.place(camera.ref) for camera in offered if camera.ways == ("cloud",)}
    assert all(camera.ways in ((), ("cloud",)) for camera in offered)
    return found


BOTH = ("8.8.4.4:8554", "vtm.ezvizlife.com:8554")


@pytest.mark.parametrize(
    ("vtm", "hosts"),
    [
        (VTM, BOTH),
        (VTM | {"port": "10554"}, ("8.8.4.4:10554", "vtm.ezvizlife.com:10554")),
        (VTM | {"externalIp": "192.168.1.4"}, BOTH[1:]),
        (VTM | {"externalIp": "127.0.0.1"}, BOTH[1:]),
        (VTM | {"externalIp": "169.254.169.254"}, BOTH[1:]),
        (VTM | {"externalIp": "2130706433"}, BOTH[1:]),
        (VTM | {"externalIp": None}, BOTH[1:]),
        (VTM | {"domain": "vtm.ezvizlife.com.evil.example"}, BOTH[:1]),
        (VTM | {"domain": "example.ezviz.test"}, BOTH[:1]),
        (VTM | {"externalIp": "", "domain": "localhost"}, ()),
        (VTM | {"port": 22}, ()),
        (VTM | {"port": 99999}, ()),
        (VTM | {"port": None}, ()),
        ({}, ()),
        (None, ()),
        ("text", ()),
    ],
)
def test_only_the_vendors_names_and_public_addresses_are_believed(vtm: Any, hosts: tuple[str, ...]) -> None:
    found = places(VTM={"r": vtm}).get(1)
    assert (found.hosts if found else ()) == hosts


def test_in_the_demo_no_name_is_gone_to() -> None:
    found = places(VTM={"r": VTM | {"externalIp": "127.0.0.1"}}, loopback=True)[1]
    assert found is not None
    assert found.hosts == ("127.0.0.1:8554",)


@pytest.mark.parametrize(
    ("rows", "sections", "expected"),
    [
        ((ROW,), {}, {1: ("biz=1", True)}),
        ((ROW | {"localIndex": "2"},), {}, {2: ("biz=1", True)}),
        # a dual-lens camera: its device's row has no dispatcher, and would stand for the first lens
        ((ROW | {"localIndex": "0", "resourceType": 0, "resourceId": "d"}, ROW), {}, {1: ("biz=1", True)}),
        ((ROW, ROW | {"localIndex": "0", "resourceType": 0, "streamBizUrl": "x=1"}), {}, {1: ("biz=1", True)}),
        ((ROW | {"streamBizUrl": None},), {}, {1: ("", True)}),
        ((ROW,), {"VIDEO_QUALITY": {"r": [{"streamType": 1}]}}, {1: ("biz=1", False)}),
        ((ROW,), {"VIDEO_QUALITY": {"r": [{"streamType": 1}, {"streamType": 2}]}}, {1: ("biz=1", True)}),
        ((ROW,), {"VIDEO_QUALITY": {"r": "text"}}, {1: ("biz=1", True)}),
        ((ROW | {"localIndex": None},), {}, {}),
        ((ROW | {"localIndex": "²"},), {}, {}),
        ((ROW | {"resourceId": "another"},), {}, {}),
        ((ROW,), {"VTM": None}, {}),
        ((ROW,), {"resourceInfos": None}, {}),
        ((ROW,), {"resourceInfos": ["text"]}, {}),
    ],
)
def test_what_the_list_says_of_a_channel(
    rows: tuple[dict[str, Any], ...], sections: dict[str, Any], expected: dict[int, tuple[str, bool]]
) -> None:
    found = places(*rows, **sections)
    assert {channel: (place.biz, place.has_sub) for channel, place in found.items() if place} == expected


def test_a_battery_camera_is_said_to_doze() -> None:
    cloud = Cloud(loopback=False)
    spec = cloud.spec(ready("Hall", battery=60), Place(BOTH), "ut.T")
    assert (spec.dozes, spec.alone) == (True, True)
    assert spec.hosts == BOTH


@pytest.mark.parametrize(
    ("silent_s_ago", "stream"),
    [(None, 2), (0, 1), (23 * 3600, 1), (25 * 3600, 2)],
    ids=["never", "just now", "within a day", "more than a day ago"],
)
def test_a_smaller_picture_that_brought_nothing_is_not_asked_for_within_a_day(
    silent_s_ago: float | None, stream: int
) -> None:
    silent_at = 0.0 if silent_s_ago is None else 1e9 - silent_s_ago
    spec = Cloud(loopback=False).spec(
        ready("Workshop", measured=Measured(sub_silent_at=silent_at), as_of=1e9), Place(BOTH), "ut.T"
    )
    assert f"&stream={stream}&" in spec.url
