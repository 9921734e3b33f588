"""What a process of the simulator in the tests' hands runs, that is forked from one which has imported it."""

import os
import sys
from pathlib import Path

from showcam.simulator.pictures.studio import Studio
from tests.doubles.troubled.open_platform.segments import SegmentingStudio
from tests.doubles.troubled.vendor import Vendor, main


class Encoding(Vendor):
    """Encodes each picture, as the demo's cameras do."""

    STUDIO, SEGMENTS = Studio, SegmentingStudio  # type: ignore[assignment]


def serve(words: list[str], log: Path, *, encodes: bool) -> None:
    """As the command does with its output sent to `log`."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(descriptor, stream.fileno())
    os.close(descriptor)
    sys.exit(main(words, Encoding if encodes else Vendor))
