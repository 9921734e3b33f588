"""A request pays only for what it needs."""

from tests.doubles.loaded import loaded_by

NEVER = {"flask", "authlib", "av", "aiortc", "aiohttp", "requests", "boto3", "ask_sdk_core", "pyezvizapi", "structlog"}


def test_the_door_loads_no_web_no_media_and_no_vendor_library() -> None:
    loaded = loaded_by("actions.fulfillment", "actions.signalling")
    assert "actions" in loaded
    assert loaded.isdisjoint(NEVER)
