"""Builds the registry: both views and the other components, over the same readings and judge."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from showcam.drivers.driver import Driver
from showcam.engine.grants import Grants
from showcam.registry.notices.faults import Faults, Standing
from showcam.registry.owner.alarm_pictures import AlarmPictures
from showcam.registry.owner.codes import CodeTries, LanCodes
from showcam.registry.owner.control import Control, Voice
from showcam.registry.owner.encrypted import CameBack, Encrypted
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.changes import Announcing, Awaited, Changes, Happenings, Sightings
from showcam.registry.readings.households import Devices
from showcam.registry.readings.judge import Judge, Readiness
from showcam.registry.readings.readings import Readings
from showcam.registry.readings.vendor_calls import Breaker
from showcam.registry.readings.views import Lists, States
from showcam.registry.registry import Registry
from showcam.registry.reporting.camera_states import CameraStates
from showcam.registry.rules import Rules
from showcam.registry.scenes import Scenes
from showcam.registry.streams.grants import Offers, Questions, Reopening
from showcam.registry.streams.handover import Handover, Keeping, Pictures
from showcam.registry.streams.history import History, Work
from showcam.registry.streams.sources import StreamSources
from showcam.registry.streams.streams import Explaining, Quota, QuotaHere, Streams, VendorDirect
from showcam.registry.watch.hints import Noticing
from showcam.store.ports import Store


@dataclass(frozen=True)
class Adapter:
    """The components of the registry. A door gets only the component for its purpose."""

    registry: Registry  # for requests under a link
    owner: Owner  # for the owner of a household
    offers: Offers  # for displays that hold a grant
    questions: Questions  # for the media process
    noticing: Noticing  # for watching over households
    keeping: Keeping  # for pictures that are kept warm
    changes: Changes
    faults: Faults  # `note` subscribes to `changes` if owners are notified
    standing: Standing
    history: History
    alarm_pictures: AlarmPictures
    came_back: CameBack  # `note` subscribes to `changes` if a console shows the result
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
    keeps_history: bool = True,
    notifies: bool = True,
) -> Adapter:
    """`drivers` by the kind of source they serve; `quota` if opened streams are not counted in this process.

    `later` writes the history, at once by default; without `keeps_history` none is written.
    `notifies`: whether owners are notified of faults.
    """
    breaker, changes, happenings = Breaker(), Changes(), Happenings(store, clock)
    sightings, awaited = Sightings(happenings, clock), Awaited(happenings, clock)
    readings = Readings(store, drivers, breaker, clock, changes.compared)
    judge, lists = Judge(readings, rules), Lists(readings, sightings, rules)
    readiness, control = Readiness(judge, rules), Control(drivers, readings, breaker, awaited, rules.read_back_s)
    tries = CodeTries(store, clock)
    codes = LanCodes(drivers, readings, judge, tries, rules)
    came_back, faults = CameBack(store), Faults(store, happenings, clock, keeps=notifies)
    encrypted = Encrypted(store, drivers, readings, judge, control, tries, rules, came_back, faults, clock)
    sources = StreamSources(drivers, rules, readings, judge, breaker)
    handover = Handover(pictures, grants, rules, clock)
    explaining, reopening = Explaining(store, handover, rules, clock), Reopening(store, judge)
    streams = Streams(
        judge,
        sources,
        quota or QuotaHere(rules.opens_per_minute),
        handover,
        VendorDirect(store, drivers, rules, clock) if rules.pictures == "vendor" else None,
        explaining,
        rules,
        clock,
    )
    history = History(store, clock, later)
    written = history if keeps_history else None
    owner = Owner(store, lists, readiness, readings, judge, control, codes, encrypted, streams, rules.owner_s)
    states, voice = States(readings, judge, sightings, awaited, rules), Voice(judge, control, rules)
    return Adapter(
        Registry(
            lists,
            states,
            readiness,
            streams,
            voice,
            Scenes(readings.households, judge, rules),
            rules,
            written,
            clock,
        ),
        owner,
        Offers(reopening, judge, handover, explaining, rules),
        Questions(reopening, readings, judge, sources, explaining, rules, clock, written, encrypted.judge_key),
        Noticing(
            readings, changes, sightings, Devices(store, drivers), Announcing(store, readings.households, clock), clock
        ),
        Keeping(store, readings, judge, handover, rules),
        changes,
        faults,
        Standing(store, readings, faults, clock),
        history,
        AlarmPictures(store, drivers, readings, judge, breaker, rules, clock),
        came_back,
        CameraStates(store, readings, judge, happenings, clock),
    )
