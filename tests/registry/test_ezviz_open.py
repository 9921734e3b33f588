"""The Open Platform client against servers that answer by its documentation, and against it."""

import json
import time
from typing import Any
from urllib.parse import parse_qs

import pytest

from showcam.drivers.camera import Ref
from showcam.drivers.errors import DriverError, Refused, VendorBusy, VendorDown
from showcam.drivers.ezviz.answers import OPEN, error, kind
from showcam.drivers.ezviz.open_platform import Calls, Key, OpenPlatform
from showcam.drivers.vendor import VendorHttp
from showcam.engine.ezviz.messages import meaning
from showcam.net.exchange import Exchange, Hosts
from tests.doubles.tls_vendor import Vendor, Vendors, answer

KEY = Key("app-key", "app-secret")
TOKEN, V2, V1 = "/api/lapp/token/get", "/api/lapp/v2/live/address/get", "/api/lapp/live/address/get"
DISABLE = "/api/lapp/live/address/disable"
ENDS = b""


def coded(code: str, data: Any = None) -> bytes:
    return answer(json.dumps({"code": code, "msg": "", "data": data}).encode())


class Platform:
    """Answers by path; `replies` overrides a path's answers, one after the other."""

    def __init__(self, vendors: Vendors) -> None:
        self.replies: dict[str, list[bytes]] = {}
        self.life_s = 7 * 86400.0
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.area: str | None = None
        self.vendor: Vendor = vendors.answering(self._reply)
        self.client = OpenPlatform(VendorHttp(Hosts((self.vendor.host,)), self.vendor.ca_file), self.vendor.host)

    def _reply(self, requested: str, body: bytes, _headers: dict[str, str]) -> bytes:
        path = requested.partition(" ")[2]
        self.forms.append((path, {name: values[0] for name, values in parse_qs(body.decode()).items()}))
        if self.replies.get(path):
            reply = self.replies[path].pop(0)
            if reply == ENDS:
                raise ConnectionResetError  # ends the connection without an answer
            return reply
        if path == TOKEN:
            number = sum(path == TOKEN for path, _ in self.forms)
            area = {} if self.area is None else {"areaDomain": self.area}
            expires = int((time.time() + self.life_s) * 1000)
            return coded("200", {"accessToken": f"at.{number}", "expireTime": expires} | area)
        return coded("200", {"id": "7", "url": f"{self.vendor.url}/v3/openlive/F1_1_1.m3u8?t=x"})

    def paths(self) -> list[str]:
        return [path for path, _ in self.forms]

    def live(self, seconds: float = 20.0) -> str:
        return self.client.live(KEY, Ref("app", "F1", 1), seconds, is_h265=False).url


@pytest.fixture
def platform(vendors: Vendors) -> Platform:
    return Platform(vendors)


def test_an_hls_address_in_h264_by_a_token_that_is_kept(platform: Platform) -> None:
    for _ in range(3):
        assert platform.live().startswith(platform.vendor.url)

    assert platform.paths() == [TOKEN, V2, V2, V2]
    assert platform.forms[0][1] == {"appKey": "app-key", "appSecret": "app-secret"}
    assert platform.forms[1][1] == {
        "accessToken": "at.1",
        "deviceSerial": "F1",
        "channelNo": "1",
        "protocol": "2",
        "quality": "1",
        "supportH265": "1",
    }


def test_an_address_is_asked_for_again_when_the_kept_connection_ends(platform: Platform) -> None:
    platform.live()
    platform.replies[V2] = [ENDS]
    assert platform.live().startswith(platform.vendor.url)
    assert platform.paths() == [TOKEN, V2, V2, V2]
    assert len(platform.vendor.opened) == 2


def test_what_may_be_said_once_is_not_repeated_when_the_kept_connection_ends(platform: Platform) -> None:
    platform.live()
    platform.replies["/api/lapp/device/ptz/mirror"] = [ENDS]
    with Exchange(20.0) as exchange, pytest.raises(VendorDown):
        Calls(platform.client, KEY, Ref("app", "F1", 1), exchange, again=False).data("device/ptz/mirror", command="2")
    assert platform.paths() == [TOKEN, V2, "/api/lapp/device/ptz/mirror"]


def test_an_address_is_given_back_by_its_id(platform: Platform) -> None:
    platform.client.disable(KEY, "F1", 1, "7", 20.0)

    path, form = platform.forms[-1]
    assert (path, form["urlId"], form["deviceSerial"]) == (DISABLE, "7", "F1")


@pytest.mark.parametrize(
    ("missing", "then"),
    [
        (answer(b"<html>", "404 Not Found"), [TOKEN, V2, V1, V1]),
        (coded("60020"), [TOKEN, V2, V1, V2]),
    ],
    ids=["the region has no v2", "v2 does not do it for this camera"],
)
def test_v1_is_called_where_v2_is_missing(platform: Platform, missing: bytes, then: list[str]) -> None:
    platform.replies[V2] = [missing]
    platform.live()
    platform.live()

    assert platform.paths() == then
    assert "supportH265" not in platform.forms[2][1]


@pytest.mark.parametrize("missing", [answer(b"<html>", "404 Not Found"), coded("60020")])
def test_where_v2_is_missing_a_camera_that_sends_h265_is_not_asked_for(platform: Platform, missing: bytes) -> None:
    """By the first version a film that says so may come in its place, and nothing tells it from a camera's picture."""
    platform.replies[V2] = [missing]
    with pytest.raises(Refused) as refused:
        platform.client.live(KEY, Ref("app", "F1", 1), 20.0, is_h265=True)
    assert (refused.value.reason, platform.paths()) == ("no_way", [TOKEN, V2])


def test_a_token_is_renewed_before_it_expires(platform: Platform) -> None:
    platform.life_s = 299
    platform.live()
    platform.live()

    assert platform.paths() == [TOKEN, TOKEN, V2] * 2


@pytest.mark.parametrize(
    ("codes", "paths", "error_type"),
    [
        (["10002"], [TOKEN, V2, TOKEN, V2], None),
        (["10002", "10002"], [TOKEN, V2, TOKEN, V2], Refused),
        (["50000"], [TOKEN, V2, V2], None),
        (["50000", "20008"], [TOKEN, V2, V2], VendorDown),
        (["10029"], [TOKEN, V2], VendorBusy),
        (["60019"], [TOKEN, V2], Refused),
    ],
)
def test_a_dead_token_and_a_fault_of_theirs_are_tried_once_more_and_a_refusal_is_not(
    platform: Platform, codes: list[str], paths: list[str], error_type: type[DriverError] | None
) -> None:
    platform.replies[V2] = [coded(code) for code in codes]
    if error_type is None:
        assert platform.live()
    else:
        with pytest.raises(error_type):
            platform.live()

    assert platform.paths() == paths


def test_all_calls_go_to_the_area_of_the_token(vendors: Vendors, platform: Platform) -> None:
    area = Platform(vendors)
    platform.area = f"{area.vendor.url}/"
    hosts = Hosts((platform.vendor.host, area.vendor.host))
    client = OpenPlatform(VendorHttp(hosts, area.vendor.ca_file), platform.vendor.host)

    assert client.live(KEY, Ref("app", "F1", 1), 20.0, is_h265=False).url.startswith(area.vendor.url)
    assert (platform.paths(), area.paths()) == ([TOKEN], [V2])


@pytest.mark.parametrize("area", ["https://evil.example", "http://127.0.0.1", "https://10.0.0.1", "nonsense"])
def test_a_token_is_sent_to_known_areas_only(platform: Platform, area: str) -> None:
    platform.area = area

    with pytest.raises(VendorDown):
        platform.live()
    assert platform.paths() == [TOKEN]


@pytest.mark.parametrize(
    "url", ["https://evil.example/x.m3u8", "http://127.0.0.1/x", "ezopen://open.ys7.com/F1/1.live"]
)
def test_an_address_at_an_unknown_host_is_no_way(platform: Platform, url: str) -> None:
    platform.replies[V2] = [coded("200", {"id": "1", "url": url})]

    with pytest.raises(Refused) as refused:
        platform.live()
    assert refused.value.reason == "no_way"


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"<html>", "500 Internal Server Error"),
        answer(b"<html>"),
        answer(b"{}"),
        coded("200"),
        coded("200", []),
        coded("200", {"id": "1"}),
        coded("200", {"id": "1", "url": 5}),
        coded("31337"),
    ],
)
@pytest.mark.parametrize("path", [TOKEN, V2])
def test_what_makes_no_sense_is_the_vendor_being_down(platform: Platform, reply: bytes, path: str) -> None:
    platform.replies[path] = [reply]

    with pytest.raises(VendorDown):
        platform.live()


@pytest.mark.parametrize("path", [TOKEN, V2])
def test_http_429_is_too_many_calls(platform: Platform, path: str) -> None:
    platform.replies[path] = [answer(b"", "429 Too Many Requests")]

    with pytest.raises(VendorBusy):
        platform.live()


@pytest.mark.parametrize("code", ["10005", "10017", "10030"])
def test_a_key_that_is_refused_is_no_way(platform: Platform, code: str) -> None:
    platform.replies[TOKEN] = [coded(code)]

    with pytest.raises(Refused) as refused:
        platform.live()
    assert refused.value.reason == "no_way"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("60019", "encryption_on"),
        ("60026", "asleep"),
        ("5409", "asleep"),
        ("20007", "offline"),
        ("20018", "no_way"),
        ("9048", "busy"),
        ("9049", "busy"),
        ("399048", "busy"),
        ("10007", "vendor_busy"),
        ("20008", "vendor_down"),
        ("10002", "vendor_down"),
        ("", "vendor_down"),
        ("None", "vendor_down"),
        ("39", "vendor_down"),
    ],
)
def test_a_code_is_one_of_our_errors(code: str, reason: str) -> None:
    assert error(code).reason == reason


def test_a_code_that_a_person_can_mend_is_never_vendor_down() -> None:
    mendable = {code for code in OPEN if kind(code) not in ("token", "retry", "down", "rate")}

    assert {type(error(code)) for code in mendable} == {Refused}
    assert len(mendable) > 30


def test_the_secrets_of_a_key_are_in_no_error(platform: Platform) -> None:
    platform.replies[V2] = [coded("31337")]

    with pytest.raises(VendorDown) as raised:
        platform.live()
    assert not any(secret in repr(raised.value) for secret in ("app-key", "app-secret", "at.1", "F1"))


# results of the account's own stream nodes, which the Open Platform's streams have too
OF_STREAMS = (
    *(5000, 5403, 5404, 5405, 5409, 5411, 5415, 5416, 5452, 5455, 5456, 5457, 5458, 5459, 5491, 5500, 5503, 5504),
    *(5544, 5545, 5546, 5547, 6106, 6518, 6519, 6520, 7005),
)


@pytest.mark.parametrize("result", OF_STREAMS)
def test_a_result_of_a_stream_means_the_same_by_both_ways(result: int) -> None:
    """A channel without a camera may be one that the account's own stream has."""
    means = meaning(result).reason
    expected = {"media_down": "retry", "not_found": "no_way"}.get(means, means)
    assert (kind(str(result)), kind(f"39{result}")) == (expected, expected)


def test_the_smaller_picture_is_requested_by_its_quality(platform: Platform) -> None:
    assert platform.client.live(KEY, Ref("app", "F1", 1), 20.0, "sub", is_h265=False).id == "7"
    assert platform.forms[-1][1]["quality"] == "2"


@pytest.mark.parametrize(
    ("code", "reason"), [("60020", "too_large"), ("20032", "too_large"), ("60019", "encryption_on"), ("9048", "busy")]
)
def test_a_camera_that_shows_no_smaller_picture(platform: Platform, code: str, reason: str) -> None:
    platform.replies[V2], platform.replies[V1] = [coded(code)], [coded(code)]
    with pytest.raises(Refused) as refused:
        platform.client.live(KEY, Ref("app", "F1", 1), 20.0, "sub", is_h265=False)
    assert refused.value.reason == reason
