"""Builds what casts to TVs in the house: in the worker, which holds their connections, and for its callers."""

import json
import threading
from functools import partial
from urllib.request import urlopen

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.app import keys
from showcam.app.compose.ground import Ground
from showcam.app.settings import Settings
from showcam.cast.apart import ApartScreen, browse
from showcam.cast.device import Device
from showcam.cast.door import CastClient, CastDoor, Shows
from showcam.cast.finder import Finder
from showcam.cast.on_change import OnChange
from showcam.cast.player import Player
from showcam.cast.screens import Screens
from showcam.engine.client import MediaClient
from showcam.engine.grants import Grants
from showcam.net.exchange import PATIENT_S


def build(settings: Settings, base: Ground) -> Screens:
    """The screens of the worker process, which take turns."""
    assert isinstance(base.pictures, MediaClient)
    player = Player(
        base.adapter.owner,
        ConsoleSessions(base.store),
        base.pictures,
        partial(ApartScreen, app=settings.cast_receiver_app_id),
        ("webrtc", "hls") if settings.cast_receiver_app_id else ("hls",),
    )
    return Screens(player, finder(settings))


def door(settings: Settings, base: Ground, screens: Screens) -> CastDoor:
    """The door for other processes to the worker's screens. Raises OSError."""
    return CastDoor(settings.data / "run", screens, base.grants.proof())


def client(settings: Settings) -> CastClient:
    return CastClient(settings.data / "run", Grants(keys.grant_of(settings)).proof())


def fill(settings: Settings, base: Ground) -> None:
    """Lets the registry's scenes reach the TVs through the worker from now on."""
    if settings.casts:
        base.adapter.registry.scenes.cast_with(client(settings))


def show_on_change(base: Ground, screens: Shows) -> None:
    """Shows a camera from now on, when something happens at it, on the TV that the camera's owner chose."""
    on_change = OnChange(base.adapter.owner, screens)
    base.adapter.changes.subscribe(on_change.take)
    threading.Thread(target=on_change.run, name="shown on change", daemon=True).start()


def finder(settings: Settings) -> Finder:
    named = tuple(Device.named(text) for text in settings.cast_devices)
    if settings.demo:
        return Finder(named, practice=True, browse=partial(_of_simulator, settings.simulator_port))
    return Finder(named, browse=browse)


def _of_simulator(port: int, _seconds: float) -> list[Device]:
    """The demo's television, whose port the simulator names. Raises OSError."""
    with urlopen(f"http://127.0.0.1:{port}/_control", timeout=PATIENT_S) as answer:
        at = json.load(answer)["ports"]["cast"]
    return [Device("living-room-tv", "Living room TV", "127.0.0.1", at, "Chromecast")]
