"""Assumptions about people, assistants, cameras and networks, which are options of `python -P -m bench.scale`."""

from dataclasses import dataclass, field, fields


def _assumed(text: str, default: float) -> float:
    value: float = field(default=default, metadata={"text": text})
    return value


@dataclass(frozen=True)
class Assumptions:
    """For one household with one link and one day, unless the text says otherwise."""

    links: float = _assumed("links, one for each household", 1_000_000)
    cameras: float = _assumed("cameras of a household", 4)
    opens: float = _assumed("“show camera” a day and link", 20)
    polls: float = _assumed("ReportState and QUERY a day and link", 10)
    lists: float = _assumed("Discover and SYNC a day and link, after a rename for one", 1)
    events: float = _assumed("messages of the vendor's webhook a day and camera", 10)
    told: float = _assumed("reports a day and camera: motion for each message, and its end", 20)
    google: float = _assumed("share of links that are Google's", 0.5)
    joins: float = _assumed("linkings a day and link", 0.002)
    bells: float = _assumed("share of households with a doorbell that a listener reads the messages of", 0)
    token_s: float = _assumed("seconds an access token lives; a link refreshes once in each", 12 * 3600)
    watch_s: float = _assumed("seconds a picture is watched", 60)
    gate_s: float = _assumed("seconds between gate checks while a picture lasts (PlaneSettings.gate_check_s)", 2)
    mbit: float = _assumed("Mbit/s of a picture", 3)
    per_process: float = _assumed("live streams of a media process (MOST_LIVE)", 24)
    wanted: float = _assumed("live streams of a media process that autoscaling aims at (WANTED_LIVE)", 14)
    rise_min: float = _assumed("minutes from a rise of live streams to the tasks that serve it", 5)
    history: float = _assumed("1: asks are kept for owners' pages (ownersPages)", 0)
    passed: float = _assumed("share of pictures that the vendor's own HLS serves, past our media processes", 0)
    peak: float = _assumed("busiest minute of the day, times the mean", 5)
    retry: float = _assumed("share of refused requests that come again a minute later", 0.5)
    store_ms: float = _assumed("ms that a request to the table takes", 4)
    vendor_ms: float = _assumed("ms that a call of the vendor takes", 150)
    memory_mb: float = _assumed("MB of memory of a function (memory)", 1024)
    api_per_s: float = _assumed("requests a second that the deployment lets through (requestsPerSecond)", 500)
    log_b: float = _assumed("bytes that Lambda and the HTTP API log of a request beside showcam's line", 550)
    open_quota: float = _assumed("calls a second that EZVIZ grants a developer key; it publishes none", 100)
    app_quota: float = _assumed("calls a second that EZVIZ's app API takes from us; it publishes none", 100)

    @classmethod
    def texts(cls) -> dict[str, str]:
        return {known.name: known.metadata["text"] for known in fields(cls)}
