"""Amazon's certificate chains on disk, so that a start needs no fetch. The reader must verify what it reads."""

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
    """`file`: None where no disk lasts. Never raises: without the file the chains are fetched again."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def read(self) -> dict[str, bytes]:
        """PEM by address, unverified."""
        if self._file is None:
            return {}
        try:
            with self._file.open("rb") as file:
                content = json.loads(file.read(LONGEST))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            log.warning("%s can't be read; Amazon's certificate chains are fetched again", self._file)
            return {}
        entries = content.items() if isinstance(content, dict) else ()
        return {address: pem.encode() for address, pem in entries if isinstance(pem, str) and pem.isascii()}

    def write(self, chains: Mapping[str, bytes]) -> None:
        """Replaces the file's content atomically."""
        if self._file is None:
            return
        text = json.dumps({address: pem.decode("ascii", "replace") for address, pem in chains.items()})
        if len(text) > LONGEST:
            return
        temporary = ""
        try:
            descriptor, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=self._file.name)  # mode 0600
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            Path(temporary).replace(self._file)
        except OSError as error:
            log.warning("%s can't be written: %s", self._file, error.strerror)
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=bool(temporary))
