"""Reads metrics out of a log line as CloudWatch does, by the schema that AWS publishes for the embedded format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from typing import Any

import jsonschema_rs

UNITS = (
    "Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits"
)
NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
METRIC = {
    "type": "object",
    "required": ["Name"],
    "properties": {
        "Name": NAME,
        "Unit": {"type": "string", "pattern": f"^({UNITS}|Terabits|Percent|Count|None)$"},
        "StorageResolution": {"enum": [1, 60]},
    },
}
DIMENSIONS = {
    "type": "array",
    "minItems": 1,
    "maxItems": 30,
    "items": {"type": "string", "minLength": 1, "maxLength": 250},
}
DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": NAME,
        "Dimensions": {"type": "array", "minItems": 1, "items": DIMENSIONS},
        "Metrics": {"type": "array", "maxItems": 100, "items": METRIC},
    },
}
METADATA = {
    "type": "object",
    "required": ["Timestamp", "CloudWatchMetrics"],
    "properties": {"Timestamp": {"type": "integer"}, "CloudWatchMetrics": {"type": "array", "items": DIRECTIVE}},
}
SCHEMA = {"type": "object", "required": ["_aws"], "properties": {"_aws": METADATA}}

type Metrics = dict[tuple[str, ...], float]  # by namespace, name and the values of the dimensions


def metrics_of(line: dict[str, Any]) -> Metrics:
    """The metrics of the line; none if it has no such part. Raises AssertionError if CloudWatch would pass it over."""
    if "_aws" not in line:
        return {}
    jsonschema_rs.Draft7Validator(SCHEMA).validate(line)
    found: Metrics = {}
    for described in line["_aws"]["CloudWatchMetrics"]:
        for dimensions in described["Dimensions"]:
            values = [line[name] for name in dimensions]
            assert all(isinstance(value, str) and value for value in values), dimensions
            for metric in described["Metrics"]:
                value = line[metric["Name"]]
                assert float(value) == value, metric
                found[described["Namespace"], metric["Name"], *values] = value
    return found
