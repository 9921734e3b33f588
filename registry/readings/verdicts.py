"""Keeps the gate's verdicts while the cameras do not change: most readings equal the one before."""

from collections.abc import Mapping

from msgspec import Struct

from net.cache import Recent
from registry.camera import Camera, Refusal
from registry.gate.gate import Allowed
from registry.preferences import Preferences
from registry.readings.households import IN_MEMORY
from registry.readings.reading import Reading
from registry.surface import Surface

MOST = 4096  # of one source; a household of 300 cameras on both assistants has some 2000

type Case = tuple[str, Surface, tuple[str, ...]]  # camera id, surface, protocols
type Verdict = tuple[str | None, Allowed | Refusal]  # the way, and the gate's answer


class _Given(Struct, frozen=True):
    cameras: tuple[Camera, ...]
    preferences: Mapping[str, Preferences]
    verdicts: dict[Case, Verdict]


class Verdicts:
    """By source, for as many sources as there are kept readings. Safe to use from many threads."""

    def __init__(self) -> None:
        self._given: Recent[str, _Given] = Recent(IN_MEMORY)

    def on(self, source_id: str, reading: Reading) -> dict[Case, Verdict]:
        """The verdicts on exactly these cameras under these preferences; the judge adds to them."""
        given = self._given.get(source_id)
        # by identity: a reading that brings nothing new keeps the tuple, and to compare 300 cameras takes too long
        if (
            given is None
            or given.cameras is not reading.cameras
            or given.preferences is not reading.preferences
            or len(given.verdicts) >= MOST
        ):
            given = _Given(reading.cameras, reading.preferences, {})
            self._given.put(source_id, given)
        return given.verdicts
