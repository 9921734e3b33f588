"""Signing in at the app API, and its codes."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from showcam.simulator.app_api.sessions import Sessions, SignIn
from showcam.simulator.app_api.wire import AppError
from showcam.simulator.households import demo_world
from showcam.simulator.state import World, md5
from tests.doubles.troubled.faults import Faults
from tests.doubles.troubled.open_platform.wire import Tokens
from tests.doubles.troubled.trouble import TroubledWorld

HOST = "127.0.0.1:8083"
DEMO, MFA = "demo@example.com", "mfa@example.com"
GOOD = {"account": DEMO, "password": md5("showcam-demo"), "featureCode": "f" * 32, "msgType": "0", "bizType": ""}
BIND = {"bizType": "TERMINAL_BIND", "msgType": "3"}


class Vendor:
    def __init__(self, folder: Path) -> None:
        self.clock = 1_700_000_000.0
        self.world: World = demo_world()
        self.world.now = lambda: self.clock
        self.file = folder / "sessions.json"
        self.sessions = Sessions(self.world, self.file)
        self.sign_in = SignIn(self.world, self.sessions)

    def login(self, **form: str) -> dict[str, Any]:
        return self.sign_in.login(GOOD | form, HOST)

    def code(self, **form: str) -> int:
        with pytest.raises(AppError) as raised:
            self.login(**form)
        return raised.value.code


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    return Vendor(tmp_path)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"account": "nobody@example.com"}, 1013),
        ({"password": md5("wrong")}, 1014),
        ({"password": "showcam-demo"}, 1014),  # the password itself in place of its digest
        ({"account": MFA}, 6002),
        ({"account": MFA, "smsCode": "012345", **BIND}, 1012),  # no code was requested
        ({"account": ""}, 1021),
        ({"featureCode": ""}, 1021),
    ],
)
def test_a_wrong_sign_in_is_refused_by_its_code(vendor: Vendor, form: dict[str, str], code: int) -> None:
    assert vendor.code(**form) == code


def test_a_sign_in_gives_a_jwt_as_session_id(vendor: Vendor) -> None:
    answer = vendor.login()
    claims = answer["loginSession"]["sessionId"].split(".")[1]
    payload = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert payload["exp"] == vendor.clock + 86400
    assert payload["s"]
    assert answer["loginUser"]["username"] == DEMO
    assert answer["loginArea"]["apiDomain"] == HOST
    assert vendor.sessions.user(answer["loginSession"]["sessionId"]) == DEMO


def test_five_wrong_passwords_lock_for_a_while(vendor: Vendor) -> None:
    wrong = md5("wrong")
    assert [vendor.code(password=wrong) for _ in range(5)] == [1014, 1014, 1014, 1014, 1015]
    assert vendor.code() == 1015
    vendor.clock += 121
    assert vendor.login()["loginUser"]["username"] == DEMO


def test_a_code_signs_in_once(vendor: Vendor) -> None:
    vendor.sign_in.send_code(MFA)
    form = {"account": MFA, "smsCode": "012345", **BIND}
    assert vendor.login(**form)["loginUser"]["username"] == MFA
    assert vendor.code(**form) == 1012


def test_a_code_without_its_leading_zero_is_refused(vendor: Vendor) -> None:
    vendor.sign_in.send_code(MFA)
    assert vendor.code(account=MFA, smsCode="12345", **BIND) == 1011


@pytest.mark.parametrize("change", [{"msgType": "0"}, {"bizType": ""}])
def test_a_code_counts_only_where_the_form_says_what_it_is_for(vendor: Vendor, change: dict[str, str]) -> None:
    vendor.sign_in.send_code(MFA)
    assert vendor.code(**({"account": MFA, "smsCode": "012345"} | BIND | change)) == 1011


def test_a_code_ends_after_five_guesses_or_half_an_hour(vendor: Vendor) -> None:
    form = {"account": MFA, **BIND}
    vendor.sign_in.send_code(MFA)
    assert {vendor.code(smsCode=f"99999{at}", **form) for at in range(5)} == {1011}
    assert vendor.code(smsCode="012345", **form) == 1012
    vendor.sign_in.send_code(MFA)
    vendor.clock += 1801
    assert vendor.code(smsCode="012345", **form) == 1012


def test_more_than_ten_codes_a_minute_are_refused(vendor: Vendor) -> None:
    for _ in range(10):
        vendor.sign_in.send_code(MFA)
    with pytest.raises(AppError) as raised:
        vendor.sign_in.send_code(MFA)
    assert raised.value.code == 1041
    vendor.clock += 61
    vendor.sign_in.send_code(MFA)


def test_the_eleventh_terminal_is_refused(vendor: Vendor) -> None:
    for at in range(10):
        vendor.login(featureCode=f"{at:032x}")
    assert vendor.code(featureCode="e" * 32) == 1069
    assert vendor.login(featureCode=f"{3:032x}")


@pytest.mark.parametrize(
    ("region", "named"), [("localhost:8083", "localhost:8083"), ("circle", HOST), ("", None), (HOST, None)]
)
def test_a_sign_in_in_another_region_names_the_right_one(vendor: Vendor, region: str, named: str | None) -> None:
    vendor.world.settings.region = region
    if named is None:
        assert vendor.login()
        return
    with pytest.raises(AppError) as raised:
        vendor.login()
    assert raised.value.code == 1100
    assert raised.value.more == {"loginArea": {"apiDomain": named}}


def test_refreshing_rotates_both_ids(vendor: Vendor) -> None:
    first = vendor.login()["loginSession"]
    second = vendor.sessions.refresh(first["rfSessionId"], GOOD["featureCode"])
    assert second is not None
    assert set(second).isdisjoint(first.values())
    assert vendor.sessions.user(first["sessionId"]) is None
    assert vendor.sessions.user(second[0]) == DEMO
    assert vendor.sessions.refresh(first["rfSessionId"], GOOD["featureCode"]) is None
    assert vendor.sessions.refresh(second[1], "another terminal") is None


def test_a_session_runs_out_and_can_still_be_refreshed(vendor: Vendor) -> None:
    session = vendor.login()["loginSession"]
    vendor.clock += 86401
    assert vendor.sessions.user(session["sessionId"]) is None
    assert vendor.sessions.refresh(session["rfSessionId"], GOOD["featureCode"]) is not None


def test_sessions_outlive_a_restart_and_no_id_is_on_disk(vendor: Vendor) -> None:
    session = vendor.login()["loginSession"]
    assert Sessions(vendor.world, vendor.file).user(session["sessionId"]) == DEMO
    written = vendor.file.read_text()
    assert session["sessionId"] not in written
    assert session["rfSessionId"] not in written
    assert vendor.file.stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_of_sessions_ends_them(vendor: Vendor) -> None:
    session = vendor.login()["loginSession"]
    vendor.file.write_text('{"sessions": []')
    assert Sessions(vendor.world, vendor.file).user(session["sessionId"]) is None


def test_the_fault_expired_ends_what_was_opened_before_it(vendor: Vendor) -> None:
    session = vendor.login()["loginSession"]
    garden = next(camera for camera in vendor.world.cameras.values() if camera.name == "Garden")
    world = TroubledWorld.of(vendor.world)
    Faults(world, vendor.sessions, Tokens(world)).expire(garden)
    assert vendor.sessions.user(session["sessionId"]) is None
    assert vendor.sessions.refresh(session["rfSessionId"], GOOD["featureCode"]) is None
    again = vendor.login()["loginSession"]
    assert vendor.sessions.user(again["sessionId"]) == DEMO
