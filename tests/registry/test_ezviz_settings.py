"""The manual's settings against the simulated vendor: read, set and read back, by each way in."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.errors import SetRefused
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.open_platform import Key
from showcam.drivers.settings import CHOICES, Asked, BadValue, Setting, Step
from showcam.drivers.vendor import SignedIn
from showcam.engine.grants import Grants
from showcam.registry.adapter import adapt
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.judge import Rules
from showcam.store.records import Source
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Every setting of the manual is set and read back",
    leans_on="double: EZVIZ's cloud",
    also=("tests/registry/test_ezviz_sub_accounts.py",),
)

PASSWORD = "showcam-demo"
USER = "demo@example.com"


@dataclass
class Home:
    driver: EzvizDriver
    source: Source
    vendor: SimulatorProcess
    owner: Owner

    def camera(self, name: str) -> Camera:
        listed = self.owner.cameras(self.source.account).cameras
        return next(camera for camera in listed if camera.name == name)

    def set(self, name: str, setting: str, value: str, **more: Any) -> Camera | Asked | Refusal | Step:
        return self.owner.change(self.source.account, self.camera(name).id, setting, value, **more)

    def values(self, name: str) -> dict[Setting, str | None]:
        views = self.owner.settings(self.source.account, self.camera(name).id)
        assert isinstance(views, dict)
        return {setting: view.value for setting, view in views.items()}

    def row(self, name: str) -> dict[str, Any]:
        return self.vendor.cameras()[name]


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path, encryption_delay_s=0.2, restart_s=0.5)
    yield running
    running.stop()


@pytest.fixture
def make(vendor: SimulatorProcess, tmp_path: Path) -> Iterator[Callable[..., Home]]:
    """A household by the app account, with its own Open Platform key or without, or by a sub-account alone."""
    store = SqliteStore(tmp_path / "showcam.sqlite3", Sealer([("test", secrets.token_bytes(32))]))

    def home(user: str = USER, *, key: bool = True, sub_account: str = "", account: bool = True) -> Home:
        name = user.partition("@")[0]
        own = (f"{name}-key", f"{name}-secret") if key else (None, None)
        household = sessions.add_owner(store, user, open_key=own[0], open_secret=own[1])
        (source,) = store.sources(household.id)
        sessions.keep_of(store, user, sub_account=sub_account)
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        driver = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True, developer=Key("demo-key", "demo-secret"))
        if account:
            verdict = driver.sign_in(user, PASSWORD, LONG_S)
            assert isinstance(verdict, SignedIn)
            driver.sessions.signed_in(source, user, verdict.session)
        rules = Rules(request_s=LONG_S)
        owner = adapt(store, {"ezviz": driver}, ReadyPictures(), Grants([b"k" * 32]), rules).owner
        return Home(driver, source, vendor, owner)

    yield home
    store.close()


def platform(vendor: SimulatorProcess, path: str, **form: str) -> Any:
    """A call of the developer's own, beside showcam."""
    url = f"https://{vendor.open_host}/api/lapp/"
    key = {"appKey": "demo-key", "appSecret": "demo-secret"}
    token = requests.post(f"{url}token/get", data=key, verify=str(vendor.ca), timeout=LONG_S).json()["data"]
    form = {"accessToken": token["accessToken"], **form}
    answer = requests.post(f"{url}{path}", data=form, verify=str(vendor.ca), timeout=LONG_S).json()
    assert answer["code"] == "200", answer
    return answer.get("data")


def sub_account(vendor: SimulatorProcess, *names: str) -> str:
    """A new one that may see these cameras."""
    password = hashlib.md5(b"demo-key#plain", usedforsecurity=False).hexdigest()
    made = platform(vendor, "ram/account/create", accountName="household-1", password=password)["accountId"]
    resources = ",".join(f'"dev:{vendor.serial(name)}"' for name in names)
    policy = f'{{"Statement":[{{"Permission":"GET,UPDATE,REAL","Resource":[{resources}]}}]}}'
    platform(vendor, "ram/policy/set", accountId=made, policy=policy)
    return str(made)


# setting, value: what the vendor then has
SET: list[tuple[str, str, dict[str, Any]]] = [
    ("audio", "off", {"audio": False}),
    ("sleep", "on", {"asleep": True}),
    ("status_light", "off", {"light": False}),
    ("alarm_notification", "off", {"armed": False}),
    ("phone_mute", "on", {"muted": True, "armed": False}),
    ("offline_notification", "on", {"offline_notify": True}),
    ("sensitivity", "1", {"sensitivity": 1}),
    ("sensitivity", "6", {"sensitivity": 6}),
    ("flip", "on", {"flipped": True}),
    ("night_vision", "colour", {"night_vision": 1}),
    ("night_vision", "black_and_white", {"night_vision": 0}),
    ("encryption", "on", {"encryption": True}),
    ("time_zone", "+05:30", {"zone": "68"}),
    ("time_zone", "+00:00", {"zone": "140"}),
    ("date_format", "dmy", {"date_format": 2}),
]

NOT_BY_KEY = ("flip", "phone_mute", "sensitivity")
# A sub-account has no such calls, and covers the lens where an app account has Sleep Mode.
BY_SUB_ACCOUNT = [
    (setting, value, {"privacy": True} if setting == "sleep" else vendors)
    for setting, value, vendors in SET
    if setting not in NOT_BY_KEY
]


def test_every_setting_is_set_and_read_back(make: Callable[..., Home]) -> None:
    home = make()
    for setting, value, vendors in SET:
        changed = home.set("Garden", setting, value)
        assert isinstance(changed, Camera), (setting, changed)
        assert home.values("Garden")[setting] == value  # type: ignore[index]
        row = home.row("Garden")
        assert {name: row[name] for name in vendors} == vendors


@pytest.mark.parametrize(
    "slept", [{"asleep": True}, {"privacy": True}, {"asleep": True, "privacy": True}], ids=["mode", "shutter", "both"]
)
def test_a_camera_is_woken_from_sleep_mode_and_from_behind_its_shutter(
    make: Callable[..., Home], slept: dict[str, bool]
) -> None:
    home = make(key=False)
    home.vendor.control(home.vendor.serial("Garden"), **slept)
    assert home.camera("Garden").asleep == "on"
    woken = home.set("Garden", "sleep", "off")
    assert isinstance(woken, Camera)
    assert woken.asleep == "off"
    assert (home.row("Garden")["asleep"], home.row("Garden")["privacy"]) == (False, False)


def test_the_zone_is_set_without_losing_the_date_format(make: Callable[..., Home]) -> None:
    home = make()
    for setting, value in (("date_format", "mdy"), ("time_zone", "+02:00")):
        assert isinstance(home.set("Garden", setting, value), Camera)
    values = home.values("Garden")
    assert (values["date_format"], values["time_zone"]) == ("mdy", "+02:00")
    refused = home.set("Garden", "time_zone", "+01:23")  # a zone there is none of
    assert isinstance(refused, Refusal)
    assert refused.reason == "not_this_way"
    assert home.values("Garden")["time_zone"] == "+02:00"


def test_every_setting_is_read(make: Callable[..., Home]) -> None:
    values = make().values("Nursery")
    assert set(values) == set(CHOICES)
    about = values.pop("about")
    assert about
    assert "C6N" in about
    assert values == {
        "audio": "off",
        "sleep": "off",
        "status_light": "on",
        "alarm_notification": "on",
        "phone_mute": "off",
        "offline_notification": "off",
        "flip": "off",
        "night_vision": "smart",
        "sensitivity": "3",
        "resolution": "hi_def",
        "encryption": "off",
        "time_zone": "+01:00",
        "date_format": "ymd",
        "wifi": "showcam, 82 %",
        "cloud_storage": "inactive",
        "storage": "ok",
        "version": "V5.3.0 build 230615",
        "user_guide": "https://support.ezviz.com/manuals/C6N",
    }


def test_what_the_account_lacks_is_not_this_way_without_a_key(make: Callable[..., Home]) -> None:
    home = make(key=False)
    views = home.owner.settings(home.source.account, home.camera("Garden").id)
    assert isinstance(views, dict)
    unset = {name for name, choices in CHOICES.items() if choices is not None and not views[name].can_set}
    assert unset == {"time_zone", "date_format", "storage"}
    assert {views[name].why_not for name in unset} == {"not_this_way"}
    for setting, value in (("time_zone", "+05:30"), ("date_format", "dmy"), ("storage", "format")):
        refused = home.set("Garden", setting, value, consent=True)
        assert isinstance(refused, Refusal)
        assert refused.reason == "not_this_way"
    assert home.row("Garden")["zone"] == "138"


def test_the_list_alone_has_what_the_doors_show(make: Callable[..., Home]) -> None:
    garden = make(key=False).camera("Garden")
    shown = (garden.status_light, garden.alarm_notification, garden.offline_notification, garden.flip)
    assert shown == ("on", "on", "off", "off")
    assert (garden.night_vision, garden.can_restart, garden.battery, garden.charging) == ("smart", True, None, "none")


def test_a_model_that_knows_no_call_which_sets_how_its_picture_stands_is_turned_over(
    make: Callable[..., Home],
) -> None:
    home = make(key=False)
    home.vendor.control(home.vendor.serial("Garden"), only_mirrors=True)
    for value, stands in (("on", True), ("on", True), ("off", False)):
        assert isinstance(home.set("Garden", "flip", value), Camera)
        assert (home.row("Garden")["flipped"], home.values("Garden")["flip"]) == (stands, value)


@pytest.mark.parametrize("value", ["0", "7", "101", "-1", "high", ""])
def test_a_sensitivity_that_the_camera_has_not_is_refused(make: Callable[..., Home], value: str) -> None:
    home = make(key=False)
    with pytest.raises(BadValue):
        home.set("Garden", "sensitivity", value)
    assert home.row("Garden")["sensitivity"] == 3


def test_uninitialised_storage_is_reported_and_formatted(make: Callable[..., Home]) -> None:
    home = make()
    home.vendor.control(home.vendor.serial("Garden"), storage="uninitialised")
    assert home.values("Garden")["storage"] == "uninitialised"
    assert home.set("Garden", "storage", "format") == Step("consent")
    assert isinstance(home.set("Garden", "storage", "format", consent=True), Camera)
    assert (home.values("Garden")["storage"], home.row("Garden")["storage"]) == ("ok", "ok")


def test_a_restart(make: Callable[..., Home]) -> None:
    home = make()
    garden = home.camera("Garden")
    assert isinstance(home.owner.restart(home.source.account, garden.id), Camera)
    assert home.row("Garden")["online"] is False


class TestEncryption:
    def test_goes_off_by_consent_and_the_labels_code(self, make: Callable[..., Home]) -> None:
        home = make()
        assert home.set("Garage", "encryption", "off") == Step("consent")
        assert home.row("Garage")["mailed"] == ""
        assert home.set("Garage", "encryption", "off", consent=True) == Step("mailed_code")
        wrong = home.set("Garage", "encryption", "off", consent=True, code="AAAAAA")
        assert wrong == Step("code", wrong=True)
        assert home.row("Garage")["encryption"] is True
        assert isinstance(home.set("Garage", "encryption", "off", consent=True, code="ABCDEF"), Camera)
        assert home.row("Garage")["encryption"] is False

    def test_newer_firmware_wants_a_mailed_code(self, make: Callable[..., Home]) -> None:
        home = make()
        home.vendor.control(home.vendor.serial("Garage"), rejects_label_code=True)
        assert home.set("Garage", "encryption", "off", consent=True) == Step("mailed_code")
        # the label's code is right and not taken
        assert home.set("Garage", "encryption", "off", consent=True, code="ABCDEF") == Step("mailed_code")
        mailed = home.row("Garage")["mailed"]
        assert len(mailed) == 4
        other = f"{(int(mailed) + 1) % 10_000:04}"
        assert home.set("Garage", "encryption", "off", consent=True, code=other) == Step("mailed_code", wrong=True)
        assert isinstance(home.set("Garage", "encryption", "off", consent=True, code=mailed), Camera)
        assert home.row("Garage")["encryption"] is False

    def test_a_mistyped_code_mails_nothing(self, make: Callable[..., Home]) -> None:
        home = make()
        home.vendor.control(home.vendor.serial("Garage"), rejects_label_code=True)
        assert home.set("Garage", "encryption", "off", consent=True, code="ABCDEG") == Step("code", wrong=True)
        assert home.row("Garage")["mailed"] == ""

    def test_the_password_changes_and_then_opens(self, make: Callable[..., Home]) -> None:
        home = make()
        garage = home.camera("Garage")

        def change(old: str, new: str) -> Camera | Asked | Refusal | Step:
            return home.owner.change_password(home.source.account, garage.id, old, new)

        assert change("AAAAAA", "secret12") == Step("code", wrong=True)
        assert isinstance(change("ABCDEF", "secret12"), Camera)
        listed = [home.driver.is_code(home.source, garage, code, LONG_S) for code in ("ABCDEF", "secret12")]
        assert listed == [False, True]
        assert home.set("Garage", "encryption", "off", consent=True, code="ABCDEF") == Step("code", wrong=True)
        assert isinstance(home.set("Garage", "encryption", "off", consent=True, code="secret12"), Camera)

    def test_a_shared_camera_is_marked_and_its_secrets_are_not_requested(self, make: Callable[..., Home]) -> None:
        home = make("other@example.com")
        garden = home.camera("Garden")
        assert garden.owner == "shared"
        for setting, value in (("encryption", "off"), ("encryption", "on"), ("storage", "format")):
            refused = home.set("Garden", setting, value)
            assert isinstance(refused, Refusal)
            assert refused.reason == "owners_alone"
        with pytest.raises(SetRefused, match="not_permitted"):
            home.driver.change_password(home.source, garden, "GKRTUV", "secret12", LONG_S)
        refused = home.owner.delete(home.source.account, garden.id, "Garden")
        assert isinstance(refused, Refusal)
        assert "Garden" in home.vendor.cameras()


class TestDelete:
    def test_a_camera_goes_by_its_name(self, make: Callable[..., Home]) -> None:
        home = make()
        pond = home.camera("Pond")
        with pytest.raises(ValueError, match="nothing was deleted"):
            home.owner.delete(home.source.account, pond.id, "pond")
        assert "Pond" in home.vendor.cameras()
        assert isinstance(home.owner.delete(home.source.account, pond.id, "Pond"), Camera)
        assert "Pond" not in home.vendor.cameras()

    def test_the_account_alone_can_not(self, make: Callable[..., Home]) -> None:
        home = make(key=False)
        pond = home.camera("Pond").id
        for refused in (
            home.owner.may_delete(home.source.account, pond),
            home.owner.delete(home.source.account, pond, "Pond"),
        ):
            assert isinstance(refused, Refusal)
            assert refused.reason == "not_this_way"


@pytest.mark.parametrize("direction", ["left", "right", "up", "down"])
def test_a_camera_turns_and_stops_by_the_account(make: Callable[..., Home], direction: str) -> None:
    home = make(key=False)
    assert isinstance(home.owner.turn(home.source.account, home.camera("Nursery").id, direction), Camera)
    row = home.row("Nursery")
    assert (row["turning"], row["turned"]) == ("", [direction, "stop"])
    refused = home.owner.turn(home.source.account, home.camera("Garden").id, direction)
    assert isinstance(refused, Refusal)
    assert (refused.reason, home.row("Garden")["turned"]) == ("not_this_way", [])


def test_a_code_in_answer_to_a_turn_is_the_cameras_refusal(make: Callable[..., Home]) -> None:
    """Not the vendor's silence, which would keep the other settings of the account from being asked for."""
    home = make(key=False)
    with pytest.raises(SetRefused) as refused:
        home.driver.turn(home.source, home.camera("Garden"), "left", LONG_S)
    assert (refused.value.why, home.row("Garden")["turned"]) == ("not_taken", [])
