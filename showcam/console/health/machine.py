"""The console's interface to the machine that showcam runs on; composition hands in the object."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

# The faults that have a name, for pages and programs that act on a certain fault.
type Fault = Literal[
    "dns_wrong", "dns_private", "no_hairpin", "port_closed", "certificate_over", "certificate_of_another",
    "chain_incomplete", "tls_too_old", "redirect", "password", "body_cut", "header_dropped",
    "pictures_not_forwarded", "cors_stripped", "clock_off", "stun_dead", "turn_secret_wrong", "udp_blocked",
    "ports_taken", "skill_id_wrong", "forwarder_key_wrong", "no_directive", "redirect_uri_missing",
    "client_secret_wrong", "gateway_grant_dead", "homegraph_key_wrong", "reports_not_sent", "session_ended",
    "code_wrong", "no_room_to_transcode", "disk_full", "mqtt_refused",
]  # fmt: skip
# The step of set-up that a finding belongs to; "" if there is none.
type Step = Literal["", "cameras", "reachable", "google", "alexa"]


class Facts(Struct, frozen=True):
    """Sizes are in bytes. `live` counts the household's streams that are watched now; None if nothing answers.

    `newer` is another version on the disk. `changed` is when the program on the disk changed since showcam started; 0
    if it did not.
    """

    version: str
    python: str
    address: str  # the public one, "" without
    disk_free: int
    disk_size: int
    database: int
    live: int | None
    keeps_backups: bool  # whether a backup can be made here
    newer: str = ""
    changed: float = 0.0
    mqtt: str = ""  # the state of the connection to the owner's MQTT broker; "": no broker is set


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of the doctor. The texts are English; the page translates them.

    `what` is the point that was examined, `text` the result, `mend` how to fix it if it is wrong or may be.

    `command`: does the same in a terminal; no page shows it. `fault`: the name of the fault; None for faults without a
    name. `step`: the step of set-up that the finding belongs to.
    """

    what: str
    state: Literal["ok", "wrong", "unsure"]
    text: str
    mend: str = ""
    fault: Fault | None = None
    step: Step = ""
    command: str = ""


class NotMade(Exception):
    """A backup could not be made; the text says why, in English."""


class Machine(Protocol):
    def facts(self, account_id: str) -> Facts: ...

    def examine(self, account_id: str) -> Iterator[Finding]:
        """Examines everything that the doctor can examine, but only this household. Takes seconds."""
        ...

    def backup(self, folder: Path) -> Path:
        """Writes a backup into `folder`, without the keys. Raises NotMade."""
        ...

    def log(self, most: int) -> list[str]:
        """Returns the last lines, oldest first; none if the log goes elsewhere."""
        ...
