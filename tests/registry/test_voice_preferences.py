"""What an owner decides about cameras: kept, listed and followed by each process."""

from showcam.registry.preferences import Preferences
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.registry import test_control

home, garden = test_control.home, test_control.garden


class TestPreferences:
    def test_settings_allowed_by_voice_are_kept_in_the_manuals_order(self, home: Household) -> None:
        garden = home.id("Garden")
        preferences = Preferences(voice_may=("restart", "audio"), while_encrypted="lan")
        home.owner.prefer(home.account.id, garden, preferences)

        assert home.owner.preferences(home.account.id, garden).voice_may == ("audio", "restart")
        assert home.owner.preferences(home.account.id, garden).while_encrypted == "no"  # another call decides that
        assert home.owner.preferences(home.account.id, home.id("Garage")) == Preferences()

    def test_preferences_reach_every_camera_that_is_listed(self, home: Household) -> None:
        garden = home.id("Garden")
        before = home.registry.cameras(home.link)
        home.owner.prefer(home.account.id, garden, Preferences(voice_may=("audio",)))

        listed = home.registry.cameras(home.link)
        assert {camera.name: camera.decided.voice_may for camera in listed.cameras if camera.decided.voice_may} == {
            "Garden": ("audio",)
        }
        assert listed.fingerprint != before.fingerprint
        assert home.registry.states(home.link, [garden])[garden].camera.decided.voice_may == ("audio",)

    def test_another_process_follows_within_half_a_minute(self, home: Household, clock: Clock) -> None:
        garden = home.id("Garden")
        home.store.put_preference(home.account.id, garden, b'{"voice_may":["sleep"]}', 1.0)
        clock.now += 31
        assert home.registry.states(home.link, [garden])[garden].camera.decided.voice_may == ("sleep",)

    def test_a_list_follows_another_processs_preferences_at_once_and_so_do_later_requests(
        self, home: Household
    ) -> None:
        garden = home.id("Garden")

        def state() -> tuple[str, ...]:
            return home.registry.states(home.link, [garden])[garden].camera.decided.voice_may

        def listed() -> tuple[str, ...]:
            return next(
                camera.decided.voice_may for camera in home.registry.cameras(home.link).cameras if camera.id == garden
            )

        for kept, may in ((b'{"voice_may":["sleep"]}', ("sleep",)), (b"{}", ())):
            before = state()
            home.store.put_preference(home.account.id, garden, kept, 1.0)
            assert (state(), listed(), state()) == (before, may, may)

    def test_unreadable_preferences_allow_nothing(self, home: Household, clock: Clock) -> None:
        garden = home.id("Garden")
        home.store.put_preference(home.account.id, garden, b'{"voice_may":"everything"', 1.0)
        clock.now += 31
        assert home.owner.preferences(home.account.id, garden) == Preferences()
