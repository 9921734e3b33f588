"""SYNC: the link's cameras as devices, encoded once as long as they stay the same."""

import textwrap
from typing import Any

import msgspec
from msgspec import Raw

from actions.errors import CannotList
from actions.trait import Trait
from net.cache import Recent
from net.text import line
from registry.camera import Camera
from registry.errors import Unavailable
from registry.gate.gate import overruled
from registry.registry import Registry
from store.records import Link

LONGEST_NAME = 60  # code points; Google cuts what is longer, anywhere
KEPT = 256  # links whose encoded list is kept


class Devices:
    def __init__(self, registry: Registry, traits: tuple[Trait, ...]) -> None:
        self._registry, self._traits = registry, traits
        self._kept: Recent[str, tuple[str, Raw]] = Recent(KEPT)

    def sync(self, link: Link, within_s: float | None = None) -> dict[str, Any]:
        """Raises CannotList."""
        try:
            listing = self._registry.cameras(link, within_s)
        except Unavailable as unavailable:
            refusal = overruled(unavailable.reason, None, unavailable.vendor)
            raise CannotList(refusal, link.locale) from None
        kept = self._kept.get(link.id)
        if kept is None or kept[0] != listing.fingerprint:
            kept = (listing.fingerprint, Raw(msgspec.json.encode([self._device(each) for each in listing.cameras])))
            self._kept.put(link.id, kept)
        return {"agentUserId": link.agent_user, "devices": kept[1]}

    def _device(self, camera: Camera) -> dict[str, Any]:
        """No customData: the id says all there is. No roomHint: the vendor knows no rooms."""
        what = "DOORBELL" if camera.kind == "doorbell" else "CAMERA"
        info = {"manufacturer": camera.manufacturer, "model": camera.model, "swVersion": camera.firmware}
        there = [(each.name, told) for each in self._traits if (told := each.attributes(camera)) is not None]
        return {
            "id": camera.id,
            "type": f"action.devices.types.{what}",
            "traits": [name for name, _ in there],
            "name": {"name": _name(camera) or what.capitalize()},
            "willReportState": False,
            "attributes": {key: value for _, attributes in there for key, value in attributes.items()},
            "deviceInfo": {key: value for key, value in info.items() if value},
        }


def _name(camera: Camera) -> str:
    name = line(camera.name)
    if len(name) <= LONGEST_NAME:
        return name
    return textwrap.shorten(name, LONGEST_NAME, placeholder="", break_long_words=False) or name[:LONGEST_NAME]
