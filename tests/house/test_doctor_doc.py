"""The doctor's page lists every fault that it has a name for."""

import re
from pathlib import Path
from typing import get_args

from showcam.console.health.machine import Fault

PAGE = Path(__file__).parents[2] / "docs/maintainer/doctor.md"


def test_every_fault_is_on_its_page_once() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    listed = [fault for row in rows for fault in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(get_args(Fault.__value__))
    assert len(listed) == 32
