"""An integrator's sub-accounts against the simulated vendor: which cameras they see and what they set."""

from collections.abc import Callable
from typing import Any

import pytest

from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.errors import Refused
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S
from tests.registry import test_ezviz_settings
from tests.registry.test_ezviz_settings import BY_SUB_ACCOUNT, Home, sub_account

make, vendor = test_ezviz_settings.make, test_ezviz_settings.vendor


class TestSubAccounts:
    """A household of an integrator: no app session, a sub-account under the installation's developer key."""

    def test_sees_the_cameras_it_was_given(self, make: Callable[..., Home], vendor: SimulatorProcess) -> None:
        home = make(key=False, account=False, sub_account=sub_account(vendor, "Garden", "Nursery", "Attic"))
        listed = {camera.name: camera for camera in home.owner.cameras(home.source.account).cameras}
        flags = {name: (camera.online, camera.encryption, camera.audio) for name, camera in listed.items()}
        assert flags == {
            "Garden": ("on", "off", "on"),
            "Nursery": ("on", "off", "off"),
            "Attic": ("off", "off", "unknown"),
        }
        assert {camera.ways for camera in listed.values()} == {("open",)}
        assert home.driver.mint(home.source, listed["Garden"], "open", LONG_S).url

    def test_sets_what_the_open_platform_can(self, make: Callable[..., Home], vendor: SimulatorProcess) -> None:
        home = make(key=False, account=False, sub_account=sub_account(vendor, "Garden"))
        vendor.configure(china=True)  # elsewhere a few calls are refused
        for setting, value, vendors in BY_SUB_ACCOUNT:
            changed = home.set("Garden", setting, value)
            assert isinstance(changed, Camera), (setting, changed)
            row = home.row("Garden")
            assert {name: row[name] for name in vendors} == vendors
            assert home.values("Garden")[setting] == (None if setting == "date_format" else value)  # type: ignore[index]
        views = home.owner.settings(home.source.account, home.camera("Garden").id)
        assert isinstance(views, dict)
        assert {view.way for view in views.values() if view.value is not None} == {"open"}
        assert (views["wifi"].value, views["storage"].value, views["audio"].value) == ("showcam", "ok", "off")
        assert (views["flip"].value, views["flip"].why_not) == (None, "not_this_way")

    @pytest.mark.parametrize(
        ("setting", "value", "untouched"),
        [
            ("flip", "on", {"flipped": False}),
            ("offline_notification", "on", {"offline_notify": False}),  # a call of the Chinese platform
        ],
    )
    def test_what_the_open_platform_has_not_is_not_this_way(
        self, make: Callable[..., Home], vendor: SimulatorProcess, setting: str, value: str, untouched: dict[str, Any]
    ) -> None:
        home = make(key=False, account=False, sub_account=sub_account(vendor, "Garden"))
        refused = home.set("Garden", setting, value)
        assert isinstance(refused, Refusal)
        assert refused.reason == "not_this_way"
        row = home.row("Garden")
        assert {name: row[name] for name in untouched} == untouched

    def test_another_households_camera_is_no_way(self, make: Callable[..., Home], vendor: SimulatorProcess) -> None:
        home = make(key=False, account=False, sub_account=sub_account(vendor, "Garden"))
        foreign = home.camera("Garden")
        foreign = Camera(type(foreign.ref)(home.source.id, vendor.serial("Pond"), 1), "Pond", id="", ways=("open",))
        with pytest.raises(Refused) as refused:
            home.driver.mint(home.source, foreign, "open", LONG_S)
        assert refused.value.reason == "no_way"

    def test_many_households_share_the_developers_token(
        self, make: Callable[..., Home], vendor: SimulatorProcess
    ) -> None:
        home = make(key=False, account=False, sub_account=sub_account(vendor, "Garden"))
        garden = home.camera("Garden")
        vendor.configure(token_s=1)  # the sub-account's token is over at once: renewed, by the developer's own
        vendor.restart()  # and now both tokens are unknown, and the sub-account too
        with pytest.raises(Refused) as refused:
            home.driver.mint(home.source, garden, "open", LONG_S)
        assert refused.value.reason == "no_way"
