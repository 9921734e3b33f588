"""Where assistants hear of scenes: at home alone, where a worker reaches the house's TVs."""

from pathlib import Path
from typing import Any

import pytest

from showcam.app import keys
from showcam.app.compose import ground, screens
from showcam.app.settings import Settings
from showcam.drivers.camera import Camera, Decided, Ref
from showcam.registry.readings.households import Listing

pytestmark = pytest.mark.proves("A scene is listed only at home")

GARDEN = Camera(Ref("", "", 1), "Garden", id="ezviz-garden", decided=Decided(tv_scenes=("Living room TV",)))


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        ({}, ["Living room TV"]),
        ({"sign_up": "invited"}, ["Living room TV"]),
        ({"sign_up": "anyone"}, []),
        ({"media_urls": ("https://one.example",)}, []),
        ({"pictures": "vendor"}, []),
    ],
    ids=["at home", "with guests", "with strangers", "media elsewhere", "no media"],
)
def test_a_scene_is_listed_where_a_tv_can_be_reached(tmp_path: Path, given: dict[str, Any], listed: list[str]) -> None:
    settings = Settings(data=tmp_path, **given)
    base = ground.build(settings, keys.of(settings))
    screens.fill(settings, base)
    found = base.adapter.registry.scenes.of(Listing((GARDEN,), "one", 0.0))
    assert [scene.tv for scene in found] == listed
    base.store.close()


def test_on_aws_no_tv_is_reached() -> None:
    assert Settings(store="dynamodb", keys_secret="showcam/keys").casts is False
