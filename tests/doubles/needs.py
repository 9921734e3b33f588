"""What a test needs that a machine may lack: the one way to skip a test, and the words at the end of a run for it."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from scripts.schemas import AMAZON, GOOGLE, folder

ROOT = Path(__file__).parents[2]
# "refused": a run in which a test was skipped fails, as CI's does
SKIPS = "SHOWCAM_TEST_SKIPS"


@dataclass(frozen=True)
class Need:
    """`what` completes "tests that need …"; `how` is a sentence that says how to have them run."""

    what: str
    how: str
    there: Callable[[], bool] = lambda: False

    def reason(self, detail: str = "") -> str:
        return f"needs {self.what}. {self.how}" + (f" ({detail})" if detail else "")

    def skip(self, detail: str = "") -> NoReturn:
        """`detail` is what the machine itself reported."""
        pytest.skip(self.reason(detail))

    @property
    def mark(self) -> pytest.MarkDecorator:
        """For tests that are skipped if it is not there."""
        return self.unless(self.there())

    def unless(self, holds: bool) -> pytest.MarkDecorator:
        return pytest.mark.skipif(not holds, reason=self.reason())

    def held_to(self) -> list[Any]:
        """Parameters of a fixture whose tests check answers by these schemas.

        Without the schemas each test runs with our own checks, and its second variant is skipped.
        """
        if self.there():
            return ["official"]
        return ["own", pytest.param("official", marks=self.mark)]


_FETCHED = "`make test` fetches them from GitHub, or SHOWCAM_SCHEMAS names a folder that has them."
_DATA = "SHOWCAM_TEST_DATA names a folder with {}, which the project does not hold."
# Each folder that holds them is a stranger's to fill: the first has a real account's list of devices.
DATA = Path(os.environ.get("SHOWCAM_TEST_DATA") or ROOT.parent / "shared/data")
AMAZON_SCHEMA = folder() / AMAZON.kept(next(iter(AMAZON.files)))
GOOGLE_SCHEMAS = folder() / GOOGLE.folder
REAL_LIST_FILE = DATA / "ezviz/real_page_list.json"
CODES_FILE = DATA / "ezviz/open_platform_codes.json"
MOSQUITTO_FILE = ROOT / "build/bin/mosquitto"
MANUAL_FILE = DATA / "manual.md"

AMAZONS = Need("the schemas that Amazon publishes", _FETCHED, lambda: not AMAZON.missing(folder()))
GOOGLES = Need("the schemas that Google publishes", _FETCHED, lambda: not GOOGLE.missing(folder()))
REAL_LIST = Need(
    "the list of devices of a real account",
    _DATA.format("ezviz/real_page_list.json")
    + " A form of it is tests/fixtures/page_list_response.json in github.com/RenierM26/pyEzvizApi at 5669e463.",
    REAL_LIST_FILE.exists,
)
CODES = Need(
    "the vendor's list of Open Platform codes", _DATA.format("ezviz/open_platform_codes.json"), CODES_FILE.exists
)
MANUAL = Need("the list of what the camera manual covers", _DATA.format("manual.md"), MANUAL_FILE.exists)
CHROMIUM = Need("Chromium", "`scripts/browser.sh` fetches it by apt, and says what stopped it.")
FIREFOX = Need("Firefox", "`scripts/browser.sh` fetches it by apt, and says what stopped it.")
GSTREAMER = Need("GStreamer", "`scripts/gstreamer.sh` fetches it by apt, and says what stopped it.")
GST_PYTHON = Need("Debian's python3-gst-1.0", "`scripts/gstreamer.sh` fetches it by apt, and says what stopped it.")
MOSQUITTO = Need(
    "mosquitto", "`scripts/mosquitto.sh` fetches it by apt, and says what stopped it.", MOSQUITTO_FILE.exists
)
NETWORKS = Need("networks of their own", "Run them as root, with iproute2 and nftables installed.")
OTHERS = Need("files of another user", "Run them as root.", lambda: os.geteuid() == 0)
CORES = Need("two processor cores", "Run them on a machine that has them.")
LINUX = Need("Linux, for its scheduler", "Run them there.", lambda: hasattr(os, "sched_setaffinity"))
HOURS = Need("hours", "`make soak`, or SOAK_HOURS=0.1 with pytest.")
LIFES_PACE = Need("the pace of life", "SOAK_PACE=1.")
OIDC_PROVIDER = Need("npm oidc-provider", "`npm ci` installs it.")
SHAKAS_PLAYER = Need("shaka-player", "`npm ci` installs it.")


def left_out(reasons: Iterable[str]) -> list[str]:
    """A sentence for each reason that pytest reports of skipped tests."""
    counts = Counter(reason.removeprefix("Skipped: ") for reason in reasons)
    return [
        f"Not run: {count} test{'s that need' if count > 1 else ' that needs'} {reason.removeprefix('needs ')}"
        if reason.startswith("needs ")
        else f"Not run: {count} test{'s' if count > 1 else ''}: {reason}"
        for reason, count in sorted(counts.items())
    ]
