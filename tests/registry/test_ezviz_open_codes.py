"""Any answer of the Open Platform to a change."""

from typing import Any

import pytest

from showcam.drivers.errors import CameraSilent, DriverError, Refused, SetRefused, VendorBusy, VendorDown
from showcam.store.sqlite import SqliteStore
from tests.doubles.tls_vendor import Vendors, answer
from tests.doubles.waiting import LONG_S
from tests.registry.test_ezviz_bad_settings import CODE, HTML, SECRET, Cloud, camera, json_answer, word

BY_OPEN: dict[tuple[str, str], str] = {
    ("audio", "off"): "/api/lapp/camera/video/sound/set",
    ("sleep", "on"): "/api/lapp/device/scene/switch/set",
    ("status_light", "off"): "/api/lapp/device/light/switch/set",
    ("alarm_notification", "off"): "/api/lapp/device/defence/set",
    ("offline_notification", "on"): "/api/lapp/device/notify/switch",
    ("night_vision", "colour"): "/api/v3/device/fillLight/mode/set",
    ("encryption", "on"): "/api/lapp/device/encrypt/on",
    ("encryption", "off"): "/api/lapp/device/encrypt/off",
}


@pytest.fixture
def cloud(vendors: Vendors, store: SqliteStore) -> Cloud:
    return Cloud(vendors, store)


class OpenOnly:
    """The cloud's driver by the Open Platform alone, as for a household with a sub-account."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.source = cloud.source(key=True)

    def apply(self, setting: str, value: str) -> DriverError | SetRefused | None:
        held = self.cloud.driver.sessions.read(self.source)
        from showcam.drivers.ezviz import control

        try:
            with self.cloud.driver._keys.calls(held, camera(self.source), LONG_S, again=False) as calls:
                control.write(calls, camera(self.source), setting, value, CODE)  # type: ignore[arg-type]
        except (DriverError, SetRefused) as error:
            return error
        return None


def open_answer(path: str, code: str) -> bytes:
    if path.startswith("/api/v3/"):
        return json_answer({"meta": {"code": int(code), "message": SECRET}}, "422 Unprocessable Entity")
    return json_answer({"code": code, "msg": SECRET})


OPEN_CODES: dict[str, tuple[type[Exception] | None, str]] = {
    "10001": (VendorDown, "vendor_down"),
    "10005": (SetRefused, "unsupported"),
    "10029": (VendorBusy, "vendor_busy"),
    "10031": (SetRefused, "unsupported"),
    "20002": (SetRefused, "unsupported"),
    "20006": (VendorDown, "vendor_down"),
    "20007": (Refused, "offline"),
    "20008": (CameraSilent, CameraSilent.reason),
    "20010": (SetRefused, "wrong_code"),
    "20018": (SetRefused, "unsupported"),
    "49999": (VendorDown, "vendor_down"),
    "50000": (VendorDown, "vendor_down"),
    "60014": (Refused, "busy"),
    "60016": (None, ""),  # it was so already
    "60020": (SetRefused, "unsupported"),
    "60021": (None, ""),
    "60022": (None, ""),
    "60058": (SetRefused, "unsupported"),
}


# each code by the call that answers in another form, by the one of which a refusal may mean that it was so already, and
# by one of the rest
FIRST = [("night_vision", "colour"), ("encryption", "on")]
OTHERS = [given for given in sorted(BY_OPEN) if given not in FIRST]
BY_TURNS = [
    (code, *given) for number, code in enumerate(sorted(OPEN_CODES)) for given in (*FIRST, OTHERS[number % len(OTHERS)])
]


@pytest.mark.parametrize(("code", "setting", "value"), BY_TURNS)
def test_every_code_of_the_open_platform(cloud: Cloud, setting: str, value: str, code: str) -> None:
    cloud.say = lambda path: open_answer(path, code)
    error = OpenOnly(cloud).apply(setting, value)

    kind, reason = OPEN_CODES[code]
    assert type(error) is (kind or type(None))
    assert word(error) == reason
    assert cloud.sets == [BY_OPEN[setting, value]]  # once, also what is called transient


@pytest.mark.parametrize("body", [HTML, b"", b"{", b"[]", b"null", b'{"code":null}', b'{"code":{}}', b'{"data":1}'])
@pytest.mark.parametrize(("setting", "value"), [("audio", "off"), ("night_vision", "colour"), ("encryption", "off")])
def test_open_answers_that_are_none(cloud: Cloud, setting: str, value: str, body: bytes) -> None:
    cloud.say = lambda path: answer(body)
    assert isinstance(OpenOnly(cloud).apply(setting, value), VendorDown)
    assert len(cloud.sets) == 1


@pytest.mark.parametrize(
    "data",
    [None, [], {}, 12, "text", {"enable": None}, [None], [{"enable": []}], {"graphicType": "x", "cloudStatus": {}}],
)
def test_malformed_settings_are_unknown(cloud: Cloud, data: Any) -> None:
    cloud.say = lambda path: json_answer({"code": "200", "data": data, "meta": {"code": 200}})
    source = cloud.source(key=True)
    held = cloud.driver.sessions.read(source)
    from showcam.drivers.ezviz import control

    with cloud.driver._keys.calls(held, camera(source), LONG_S) as calls:
        views = control.open_views(calls)
    assert {view.value for view in views.values()} <= {None}
