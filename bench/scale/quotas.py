"""Quotas a second of the vendor, AWS and Google: their source, and what to do when they are too small."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from bench.scale.assumptions import Assumptions
from bench.scale.fleet import PROCESSES
from bench.scale.footprint import Footprint
from bench.scale.prices import Mark
from showcam.store.dynamodb.links import SHARDS

CORE_MB = 1769  # of memory, with which Lambda gives a whole processor; published
KEY_S = 300  # a caller's key is requested from KMS again after this; to be checked
ENVIRONMENT_S = 7200  # the life of an environment; assumed
BY_API = ("web", "fulfillment")  # entries behind the HTTP API
KEY_READS, KEY_WRITES = 3000, 1000  # of one partition key
SPLIT = "a deployment for each part of the households"
AT_ONCE = 50  # runs of `reports` (maximumConcurrency in serverless.yml)


@dataclass(frozen=True)
class Quota:
    """`use` gives the units of one request; `remedy` is what to do when the quota is too small."""

    name: str
    per_s: float
    mark: Mark
    use: Callable[[Footprint], float]
    remedy: str


def seconds(given: Assumptions, footprint: Footprint) -> float:
    """Seconds a function runs for a request: its CPU, and the waits for the table and the vendor."""
    if footprint.entry == "listener":
        return 0.0  # it is no function
    slower = max(1.0, CORE_MB / given.memory_mb)
    calls = footprint.app_calls + footprint.open_calls + footprint.told_calls
    waiting = footprint.requests * given.store_ms + calls * given.vendor_ms
    # the checks of one batch share its waits; a part of a request has its own
    return (footprint.cpu_ms * slower + waiting * min(1.0, footprint.invoked or 1.0)) / 1000


def lifted(quotas: list[Quota]) -> list[Quota]:
    """The same quotas without a limit."""
    return [replace(quota, per_s=math.inf) for quota in quotas]


def quotas(given: Assumptions, footprints: Mapping[str, Footprint]) -> list[Quota]:
    return [*_vendor(given), *_aws(given), _media(given), _shard(given), *_keys(footprints)]


def secrets(given: Assumptions) -> int:
    """The secrets a new environment of web reads, which reads the most; one more with media processes."""
    return 5 if given.passed < 1 else 4


def _vendor(given: Assumptions) -> list[Quota]:
    return [
        Quota(
            "EZVIZ: calls of the developer key",
            given.open_quota,
            "assumed",
            lambda footprint: footprint.open_calls,
            "agree a number with EZVIZ before opening; spread households over several keys",
        ),
        Quota(
            "EZVIZ: calls of the app's API",
            given.app_quota,
            "assumed",
            lambda footprint: footprint.app_calls,
            "agree on a number and on our addresses; ask the gate less often; let functions share readings",
        ),
        Quota(
            "HomeGraph: reports and syncs of a project",
            100,
            "published",
            lambda footprint: footprint.google_calls,
            "one report for a household, only what changed; ask Google for more",
        ),
    ]


def _aws(given: Assumptions) -> list[Quota]:
    return [
        Quota(
            "Lambda: functions at work in a region",
            1000,
            "published",
            lambda footprint: seconds(given, footprint),
            "ask AWS for more; keep a part of it for web, or refreshes starve with the rest",
        ),
        Quota(
            "Lambda: reports at work",
            AT_ONCE,
            "ours",
            lambda footprint: seconds(given, footprint) if footprint.entry == "reports" else 0.0,
            "raise maximumConcurrency of reports in serverless.yml; what waits is late, and nothing is lost",
        ),
        Quota("HTTP API: requestsPerSecond", given.api_per_s, "ours", _by_api, "give the deployment a larger one"),
        Quota("HTTP API: requests of a region", 10_000, "published", _by_api, "ask AWS for more"),
        Quota(
            "DynamoDB: reads of the table",
            40_000,
            "published",
            lambda footprint: footprint.reads,
            "ask AWS for more; it is a default",
        ),
        Quota(
            "DynamoDB: writes of the table",
            40_000,
            "published",
            lambda footprint: footprint.writes,
            "ask AWS for more; it is a default",
        ),
        Quota(
            "KMS: requests for symmetric keys",
            10_000,
            "to be checked",
            lambda footprint: seconds(given, footprint) * (1 / KEY_S + secrets(given) / ENVIRONMENT_S),
            "ask AWS for more",
        ),
        Quota(
            "Secrets Manager: secrets read",
            10_000,
            "published",
            lambda footprint: seconds(given, footprint) * secrets(given) / ENVIRONMENT_S,
            "ask AWS for more",
        ),
    ]


def _by_api(footprint: Footprint) -> float:
    return footprint.invoked if footprint.entry in BY_API else 0.0


def _media(given: Assumptions) -> Quota:
    return Quota(
        "Media: processes behind one address",
        PROCESSES,
        "ours",
        lambda footprint: footprint.live_s / given.per_process,
        SPLIT,
    )


def _shard(given: Assumptions) -> Quota:
    """A shard of the index of Alexa's links that are due; Google's rows are smaller."""

    def use(footprint: Footprint) -> float:
        share = (
            1.0 if footprint.told_calls else 1 - given.google
        )  # a report is Alexa's own, other requests are anybody's
        return footprint.listed * share / len(SHARDS)

    name = "DynamoDB: writes of one shard of the links that are due"
    return Quota(name, KEY_WRITES, "published", use, "more shards: SHARDS in showcam/store/dynamodb/outbox.py")


def _of_key(key: str, place: int, footprint: Footprint) -> float:
    return footprint.shared.get(key, (0.0, 0.0))[place]


def _keys(footprints: Mapping[str, Footprint]) -> list[Quota]:
    """Rows that requests of all households touch: each has the quota of one partition, whatever the table's is."""
    keys = sorted({key for footprint in footprints.values() for key in footprint.shared})
    made = []
    for key in keys:
        for place, (kind, most) in enumerate((("reads", KEY_READS), ("writes", KEY_WRITES))):
            if any(_of_key(key, place, footprint) for footprint in footprints.values()):
                made.append(
                    Quota(
                        f"DynamoDB: {kind} of the one key {key}",
                        most,
                        "published",
                        partial(_of_key, key, place),
                        SPLIT if "process/" in key else "keep the row in the process; it changes by hand alone",
                    )
                )
    return made
