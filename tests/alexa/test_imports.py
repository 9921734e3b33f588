"""A directive pays only for what it needs."""

from tests.doubles.loaded import loaded_by

NEVER = {"flask", "authlib", "av", "aiortc", "aiohttp", "requests", "boto3", "ask_sdk_core", "pyezvizapi", "structlog"}


def test_the_skill_loads_no_web_no_media_and_no_vendor_library() -> None:
    loaded = loaded_by("showcam.alexa.smart_home")
    assert "showcam.alexa" in loaded
    assert loaded.isdisjoint(NEVER)
