"""Builds what serves a household's own programs, with the first request for it: nothing is loaded before."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from flask import Response as PageResponse

from showcam.accounts import households
from showcam.accounts.console_sessions import ConsoleSession
from showcam.app.compose.ground import Ground
from showcam.app.http_types import Request, Response, Route
from showcam.app.process.home_address import host_in_house
from showcam.app.settings import Settings
from showcam.console.look.area import READ, Area, Rule
from showcam.net.addresses import in_url

if TYPE_CHECKING:
    from showcam.accounts.players import Players
    from showcam.app.edge.players import PlayerDoor
    from showcam.console.players.files import Origins
    from showcam.console.players.page import PlayersPage

AT = "/home/players"
METHODS = ("GET", "POST", "OPTIONS")


def origins(settings: Settings) -> "Origins":
    from showcam.console.players.files import Origins

    host = in_url(host_in_house(settings))
    return Origins(f"http://{host}:{settings.port}", f"{host}:{settings.rtsp_port}" if settings.rtsp_port else "")


class OwnPlayers:
    """The players of the households of this machine: their door, and their page."""

    def __init__(self, settings: Settings, base: Ground) -> None:
        self._settings, self._base = settings, base

    @cached_property
    def players(self) -> "Players":
        from showcam.accounts.players import Players

        return Players(self._base.store)

    @cached_property
    def _door(self) -> "PlayerDoor":
        from showcam.app.edge.players import PlayerDoor

        settings = self._settings
        return PlayerDoor(
            self._base.store,
            self.players,
            self._base.adapter.owner,
            settings.console_hosts,
            exposed=settings.is_exposed,
            media_port=settings.media_port,
        )

    def door(self) -> "PlayerDoor":
        return self._door

    def route(self) -> Route:
        def answer(request: Request) -> Response:
            return self._door.answer(request)

        return Route("players", "/players/", METHODS, answer)

    def page(self, area: Area) -> "LatePage":
        def made() -> "PlayersPage":
            from showcam.console.players.page import PlayersPage

            end = partial(households.end_pictures, self._base.pictures)
            owner = self._base.adapter.owner
            return PlayersPage(owner, area, self.players, end, partial(origins, self._settings))

        return LatePage(made)


class LatePage:
    """The page of players, which is made when somebody opens it first."""

    def __init__(self, make: "Callable[[], PlayersPage]") -> None:
        self._make = make

    @cached_property
    def _page(self) -> "PlayersPage":
        return self._make()

    def show(self, current: ConsoleSession) -> PageResponse:
        return self._page.show(current)

    def take(self, current: ConsoleSession) -> PageResponse:
        return self._page.take(current)

    def rules(self) -> list[Rule]:
        return [(AT, "players", self.show, READ), (AT, "players_step", self.take, ("POST",))]
