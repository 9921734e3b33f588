"""The good chains of Amazon's on disk, so that a start needs no fetch. What is read is no proof: it is judged again."""

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

LONGEST = 256 * 1024  # bytes of the file


class KeptChains:
    """`file`: None where nothing lasts. Never raises: without the file a chain is fetched once more."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def read(self) -> dict[str, bytes]:
        """PEM by address, as somebody wrote it."""
        if self._file is None:
            return {}
        try:
            with self._file.open("rb") as file:
                found = json.loads(file.read(LONGEST))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            log.warning("%s can't be read: Amazon's certificate chains are fetched again", self._file)
            return {}
        given = found.items() if isinstance(found, dict) else ()
        return {address: pem.encode() for address, pem in given if isinstance(pem, str) and pem.isascii()}

    def write(self, chains: Mapping[str, bytes]) -> None:
        """All of them in place of what was there; a reader finds the file before or after, and never half of it."""
        if self._file is None:
            return
        text = json.dumps({address: pem.decode("ascii", "replace") for address, pem in chains.items()})
        if len(text) > LONGEST:
            return
        part = ""
        try:
            number, part = tempfile.mkstemp(dir=self._file.parent, prefix=self._file.name)  # of mode 0600
            with os.fdopen(number, "w") as file:
                file.write(text)
            Path(part).replace(self._file)
        except OSError as error:
            log.warning("%s can't be written: %s", self._file, error.strerror)
            with contextlib.suppress(OSError):
                Path(part).unlink(missing_ok=bool(part))
