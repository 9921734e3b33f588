"""The pages of cameras of one's own, where an installation may have any."""

from flask import Blueprint

from console.adding import Adding, Current
from console.own_camera import OwnCamera
from registry.owner.own_cameras import OwnCameras
from registry.owner.search import Search


class OwnPages:
    """`search`: None where there is no house to look through, as in the demo."""

    def __init__(self, own: OwnCameras, search: Search | None, current: Current) -> None:
        self._pages = (Adding(own, search, current), OwnCamera(own, current))

    def add_to(self, room: Blueprint) -> None:
        for page in self._pages:
            page.add_to(room)
