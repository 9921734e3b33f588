"""Which camera a found one is, and what of it stays when it is found again."""

from msgspec.structs import replace

from accounts.identity import new_id
from net.text import line
from registry.drivers.lan.devices import Device

LONGEST_NAME = 64  # characters


def settled(found: Device, known: tuple[Device, ...], *, like: Device | None = None) -> Device:
    """The device with an id of its own, or with id and channel of the camera that it is: one of `known`.

    `like`: the camera that its owner says it is.
    """
    same = like or next((device for device in known if _is_same(device, found)), None)
    if same is not None:
        kept = {"name": found.name or same.name, "silent": same.silent, "doorbell": found.doorbell or same.doorbell}
        return replace(found, id=same.id, channel=same.channel, **kept)
    ids = {device.id for device in known if not _is_same_device(device, found)}
    candidates = (found.id, found.mac, f"{found.id}/{found.mac}" if found.mac else "", new_id())
    its_id = next(candidate for candidate in candidates if candidate and candidate not in ids)
    channels = [device.channel for device in known if device.id == its_id]
    return replace(found, id=its_id, channel=max(channels, default=0) + 1)


def moved(known: Device, found: Device) -> Device:
    """The camera at the address and with the login of `found`, and what its owner decided about it before."""
    its = settled(found, (), like=known)
    same = known.main.path == found.main.path
    pictures = {"main": known.main, "sub": known.sub or found.sub} if same else {}
    kept = ("model", "firmware", "mac", "still", *(() if found.onvif else ("onvif", "pin")))
    inherited = {name: getattr(found, name) or getattr(known, name) for name in kept}
    return replace(its, **pictures, **inherited, endpoint=found.endpoint or known.endpoint)


def named(device: Device, name: str, *, doorbell: bool = False) -> Device | None:
    """None where nothing is left of the name."""
    plain = line(name)[:LONGEST_NAME]
    return replace(device, name=plain, doorbell=doorbell or device.doorbell) if plain else None


def _is_same_device(known: Device, found: Device) -> bool:
    if known.mac and found.mac:
        return known.mac == found.mac
    return (known.host, known.port) == (found.host, found.port) or bool(found.id and known.id == found.id)


def _is_same(known: Device, found: Device) -> bool:
    return _is_same_device(known, found) and known.main.path == found.main.path
