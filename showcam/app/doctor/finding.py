"""A finding of the doctor about one point of the installation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

# The faults that have a name, for pages and programs that act on a certain fault.
type Fault = Literal[
    "dns_wrong", "dns_private", "no_hairpin", "port_closed", "certificate_over", "certificate_of_another",
    "chain_incomplete", "tls_too_old", "redirect", "password", "body_cut", "header_dropped",
    "pictures_not_forwarded", "cors_stripped", "clock_off", "stun_dead", "turn_secret_wrong", "udp_blocked",
    "ports_taken", "skill_id_wrong", "forwarder_key_wrong", "no_directive", "redirect_uri_missing",
    "client_secret_wrong", "gateway_grant_dead", "homegraph_key_wrong", "reports_not_sent", "session_ended",
    "code_wrong", "no_room_to_transcode", "disk_full",
]  # fmt: skip

type Step = Literal["", "cameras", "reachable", "google", "alexa"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is the point that was examined, `text` the result, `mend` how to fix it if it is wrong or may be.

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


def ok(what: str, text: str) -> Finding:
    return Finding(what, "ok", text)


def wrong(what: str, text: str, mend: str, fault: Fault | None = None, *, command: str = "") -> Finding:
    return Finding(what, "wrong", text, mend, fault, command=command)


def unsure(what: str, text: str, mend: str, fault: Fault | None = None, *, command: str = "") -> Finding:
    return Finding(what, "unsure", text, mend, fault, command=command)


def of(step: Step, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Marks the findings as part of a step of set-up."""
    for finding in findings:
        yield replace(finding, step=step)
