"""AWS's prices in US dollars, us-east-1. None was read at AWS itself: all are to be checked before use."""

from dataclasses import dataclass
from typing import Literal

type Mark = Literal["published", "to be checked", "assumed", "ours"]


@dataclass(frozen=True)
class Price:
    """`dollars` for every `per` units."""

    dollars: float
    per: float
    unit: str
    mark: Mark = "to be checked"

    def of(self, amount: float) -> float:
        return amount * self.dollars / self.per


PRICES = {
    "Lambda: requests": Price(0.20, 1e6, "requests"),
    "Lambda: time": Price(0.0000166667, 1, "GB-seconds on x86-64"),
    "HTTP API": Price(1.00, 1e6, "requests"),
    "SQS: requests": Price(0.40, 1e6, "requests"),
    "DynamoDB: reads": Price(0.125, 1e6, "read units"),
    "DynamoDB: writes": Price(0.625, 1e6, "write units"),
    "DynamoDB: rows": Price(0.25, 1e9, "byte-months"),
    "DynamoDB: point-in-time recovery": Price(0.20, 1e9, "byte-months"),
    "CloudWatch: log lines": Price(0.50, 1e9, "bytes"),
    "KMS: requests": Price(0.03, 1e4, "requests"),
    "Media: processes": Price(0.03238 + 2 * 0.00356, 1, "hours of 1 vCPU and 2 GB on arm"),
    "Media: public addresses": Price(0.005, 1, "hours"),
    "Media: pictures to the internet": Price(0.05, 1e9, "bytes, beyond 150 TB a month"),
}
METRICS = 60  # 12 by assistant; at this size 20 reasons of each assistant occur in every hour, and 8 events by function
FIXED = {  # a month, at any size, in the home region; every other region has five alarms
    "KMS: the key": 1.00,
    "Secrets Manager: seven secrets": 2.80,
    "CloudWatch: fifty-one alarms": 5.10,
    "CloudWatch: a dashboard": 3.00,
    "CloudWatch: metrics": 0.30 * METRICS,
}
