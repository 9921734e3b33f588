"""Builds the registry: both views and the other components, over the same readings and judge."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from showcam.drivers.driver import Driver
from showcam.engine.grants import Grants
from showcam.registry.notices.faults import Faults, Standing
from showcam.registry.owner.alarm_pictures import AlarmPictures
from showcam.registry.owner.codes import LanCodes
from showcam.registry.owner.control import Control
from showcam.registry.owner.encrypted import Encrypted
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.changes import Changes, Happenings
from showcam.registry.readings.judge import Ground, Judge, Rules
from showcam.registry.readings.readings import Readings
from showcam.registry.readings.vendor_calls import Breaker
from showcam.registry.readings.views import Lists
from showcam.registry.registry import Registry
from showcam.registry.reporting.camera_states import CameraStates
from showcam.registry.scenes import Scenes
from showcam.registry.streams.grants import Offers, Questions, Reopening
from showcam.registry.streams.handover import Explaining, Handover, Keeping, Pictures
from showcam.registry.streams.history import History, Kept, Talking, Work
from showcam.registry.streams.streams import Quota, Streams, StreamSources
from showcam.registry.watch.hints import Noticing
from showcam.store.ports import Store


@dataclass(frozen=True)
class Adapter:
    """The components of the registry. A door gets only the component for its purpose."""

    registry: Registry  # for requests under a link
    owner: Owner  # for the owner of a household; `encrypted.note` subscribes to `changes` if a console shows the result
    offers: Offers  # for displays that hold a grant
    questions: Questions  # for the media process
    noticing: Noticing  # for watching over households
    keeping: Keeping  # for pictures that are kept warm
    changes: Changes
    faults: Faults  # `note` subscribes to `changes` if owners are notified
    standing: Standing
    history: History
    talking: Talking
    alarm_pictures: AlarmPictures
    present: CameraStates  # for the reports to assistants


def adapt(
    store: Store,
    drivers: Mapping[str, Driver],
    pictures: Pictures,
    grants: Grants,
    rules: Rules,
    clock: Callable[[], float] = time.time,
    quota: Quota | None = None,
    later: Callable[[Work], None] | None = None,
    *,
    keeps: Kept = "times",
    notifies: bool = True,
) -> Adapter:
    """`drivers` by the kind of source they serve; `quota` if opened streams are not counted in this process.

    `later` writes the history, at once by default. `keeps`: the contents of the history.
    `notifies`: whether owners are notified of faults.
    """
    breaker, changes, happenings = Breaker(), Changes(), Happenings(store, clock)
    readings = Readings(store, drivers, breaker, clock, changes.compared)
    ground = Ground(store, drivers, rules, clock, breaker, happenings, readings, Judge(readings, rules))
    lists, control, codes = Lists(ground), Control(ground), LanCodes(ground)
    faults = Faults(store, happenings, clock, keeps=notifies)
    encrypted = Encrypted(ground, control, codes, faults)
    sources, handover, reopening = StreamSources(ground), Handover(ground, pictures, grants), Reopening(ground)
    explaining, alarms = Explaining(ground, handover), AlarmPictures(ground)
    streams = Streams(ground, sources, quota or Quota(rules.opens_per_minute), handover, explaining)
    history = History(store, clock, later, keeps)
    written, timed = history if keeps != "nothing" else None, history if keeps == "times" else None
    talking, note_talk = Talking(clock), history.note_talk if keeps != "nothing" else _not_noted
    return Adapter(
        Registry(ground, lists, streams, control, Scenes(ground), written),
        Owner(ground, lists, control, codes, encrypted, streams),
        Offers(ground, reopening, handover, explaining),
        Questions(ground, reopening, sources, explaining, timed, encrypted.judge_key, talking, note_talk, alarms.of),
        Noticing(ground, changes),
        Keeping(ground, handover),
        changes,
        faults,
        Standing(ground, faults),
        history,
        talking,
        alarms,
        CameraStates(ground),
    )


def _not_noted(_account: str, _camera: str) -> None:
    """Notes no talk: no history is kept here."""
