"""What a model can do: the device list's supportExt, whose values are strings, some of them masks or lists."""

from typing import Literal

from net.incoming import JsonObject
from registry.drivers.ezviz.pages import fields
from registry.settings import NIGHT_VISION

# The numbers of features in supportExt.
SENSITIVITY, SLEEP, AUDIO = "61", "62", "63"
NIGHT_VISION_MODE, SMART_NIGHT_VISION = "206", "274"
RESTART = "452"
PERSON = ("224", "302", "244")  # detection of people apart from other motion

type NightVision = Literal["colour", "black_and_white", "smart", "none", "unknown"]

# The bits of SMART_NIGHT_VISION. Of 15 real devices with it, those in smart mode all have bit 1, those in colour bit 2.
_BITS = {"smart": 1, "colour": 2, "black_and_white": 4}


class Features:
    def __init__(self, device: JsonObject) -> None:
        self._reported = fields(device.get("supportExt"))

    def has(self, feature: str) -> bool | None:
        """Whether the model has it: what the list leaves out it has not. None where there is no list at all."""
        return bool(self.mask(feature)) if self._reported else None

    def mask(self, feature: str) -> int:
        """Its value; of a list of numbers, their bits together. 0 for one that is missing or makes no sense."""
        bits = 0
        for part in str(self._reported.get(feature, "")).split(","):
            word = part.strip()
            if word.isascii() and word.isdigit() and len(word) < 10:
                bits |= int(word)
        return bits

    def night_modes(self, now: NightVision) -> tuple[str, ...]:
        """What night vision can be set to; what it is now alone, where the vendor's app offers no choice.

        () where there is no list of features.
        """
        if not self._reported or now == "none":
            return ()
        mask = self.mask(SMART_NIGHT_VISION)
        if mask:
            return tuple(mode for mode in NIGHT_VISION if mask & _BITS[mode] or mode in ("black_and_white", now))
        if self.has(NIGHT_VISION_MODE):
            return NIGHT_VISION
        return () if now == "unknown" else (now,)
