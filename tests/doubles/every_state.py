"""A camera for each state that it can have, and what may stand beside a list."""

import time

from showcam.drivers.camera import Video
from showcam.drivers.errors import SignedOut
from showcam.registry.readings.views import STATES_S
from showcam.store.records import Happening
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera

# by name: what differs from a camera that every surface may show
STATES: dict[str, dict[str, object]] = {
    "Plain": {},
    "Doorbell": {"kind": "doorbell", "model": "DB1", "motion": "off", "person": "off"},
    "Offline": {"online": "off", "motion": "off", "status_light": "on"},
    "Online unknown": {"online": "unknown"},
    "Asleep": {"asleep": "on"},
    "Asleep unknown": {"asleep": "unknown"},
    "Never sleeps": {"asleep": "none"},
    "Encrypted": {"encryption": "on"},
    "Encryption unknown": {"encryption": "unknown"},
    "No encryption": {"encryption": "none"},
    "Audio off": {"audio": "off"},
    "Audio unknown": {"audio": "unknown"},
    "No microphone": {"audio": "none"},
    "No way": {"ways": ()},
    "Unplayable": {"video": Video("h265", 2560, 1440)},
    "Still": {"motion": "off", "person": "off"},
    "Moved": {"motion": "off", "person": "off"},
    "Seen": {"motion": "off", "person": "off"},
    "Battery low": {"battery": 9},
    "Battery charged": {"battery": 100, "charging": "on"},
    "Battery unknown": {"charging": "unknown"},
    "Light on": {"status_light": "on"},
    "Light unknown": {"status_light": "unknown"},
    "Notifies": {"alarm_notification": "on", "offline_notification": "off"},
    "Flipped": {"flip": "on"},
    "Night in colour": {"night_vision": "colour"},
    "Night unknown": {"night_vision": "unknown"},
    "Own settings": {"night_vision": "smart", "night_modes": ("smart", "colour"), "flip": "off", "can_restart": True},
    "Shared": {"owner": "shared"},
    "Asked for": {"audio": "on"},
    "Faulty": {"fault": "lan_unreachable"},
}
BESIDE = ("nothing", "signed out")


def arrange(home: Household, clock: Clock, beside: str) -> None:
    """All cameras, of which one was moved before, one saw a person, and one does not show yet what was asked of it.

    The last list is too old to answer a query.
    """
    clock.now = time.time()  # tokens are by the machine's own
    home.driver.set([camera(name, f"F{number:08}", **state) for number, (name, state) in enumerate(STATES.items())])
    home.noticing.refresh(home.account.id)
    ids = {name: home.id(name) for name in STATES}
    clock.wait(STATES_S + 1)
    for name, kind in (("Moved", "motion"), ("Seen", "person"), ("Asked for", "asked/audio/off")):
        home.store.record_happening(home.account.id, Happening(ids[name], kind, clock.now), 0.0, None)
    if beside == "signed out":
        session = home.store.read_session(home.account.id, home.source.id)
        assert session is not None
        version, secrets = session.version, session.secrets
        assert home.store.swap_session(
            home.account.id, home.source.id, version=version, secrets=secrets, state="needs_login", look_at=clock.now
        )
        home.driver.error = SignedOut()
