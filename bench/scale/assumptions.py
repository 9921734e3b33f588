"""What is assumed of people, assistants, cameras and networks. Each is an option of `python -P -m bench.scale`."""

from dataclasses import dataclass, field, fields


def _told(text: str, default: float) -> float:
    value: float = field(default=default, metadata={"told": text})
    return value


@dataclass(frozen=True)
class Assumptions:
    """Of one household with one link, a day, unless it says otherwise."""

    links: float = _told("links, one for each household", 1_000_000)
    cameras: float = _told("cameras of a household", 4)
    opens: float = _told("“show camera” a day and link", 20)
    polls: float = _told("ReportState and QUERY a day and link", 10)
    lists: float = _told("Discover and SYNC a day and link, after a rename for one", 1)
    events: float = _told("messages of the vendor's webhook a day and camera", 10)
    told: float = _told("changes told to Google a day and camera; showcam tells none yet", 0)
    google: float = _told("share of links that are Google's", 0.5)
    joins: float = _told("linkings a day and link", 0.002)
    token_s: float = _told("seconds an access token lives; a link refreshes once in each", 12 * 3600)
    watch_s: float = _told("seconds a picture is looked at", 60)
    gate_s: float = _told("seconds between questions of the gate while a picture lasts (gate_check_s)", 2)
    mbit: float = _told("Mbit/s of a picture", 3)
    per_process: float = _told("live streams of a media process (live_per_process)", 24)
    passed: float = _told("share of pictures that the vendor's own HLS serves, past our media processes", 0)
    peak: float = _told("busiest minute of the day, times the mean", 5)
    retry: float = _told("share of refused requests that come again a minute later", 0.5)
    store_ms: float = _told("ms that a request to the table takes", 4)
    vendor_ms: float = _told("ms that a call of the vendor takes", 150)
    memory_mb: float = _told("MB of memory of a function (memory)", 1024)
    api_per_s: float = _told("requests a second that the deployment lets through (requestsPerSecond)", 500)
    log_b: float = _told("bytes that Lambda and the HTTP API log of a request beside showcam's line", 550)
    open_quota: float = _told("calls a second that EZVIZ grants a developer key; it publishes none", 100)
    app_quota: float = _told("calls a second that EZVIZ's app API takes from us; it publishes none", 100)

    @classmethod
    def told_of(cls) -> dict[str, str]:
        return {each.name: each.metadata["told"] for each in fields(cls)}
