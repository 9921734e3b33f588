"""The page of players: a household's own programs, each added with a key that is shown once, listed and ended."""

from collections.abc import Callable

from flask import Response, request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.accounts.players import NotAdded, Player, Players, Use
from showcam.console.look import pages
from showcam.console.look.area import Area
from showcam.console.players.files import Addressed, Files, Origins, addressed, files
from showcam.i18n.catalogue import mark
from showcam.registry.owner.owner import Owner

AT = "/home/players"
# Errors of the form.
WHY = {
    "name": mark("Type letters and digits, without spaces."),
    "taken": mark("There is one of this name."),
    "many": mark("There are enough players. Remove one."),
}


class Listed(Struct, frozen=True):
    player: Player
    use: Use


class Made(Struct, frozen=True):
    """A new player with its addresses, for the answer to the form only."""

    name: str
    cameras: list[Addressed]
    files: Files


class PlayersPage:
    """`end_pictures` ends the live videos of a player, by its id and account."""

    def __init__(
        self,
        owner: Owner,
        area: Area,
        players: Players,
        end_pictures: Callable[[str, str], None],
        origins: Callable[[], Origins],
    ) -> None:
        self._owner, self._area, self._players = owner, area, players
        self._end_pictures, self._origins = end_pictures, origins

    def show(self, current: ConsoleSession, why: str = "", made: Made | None = None) -> Response:
        listed = [Listed(player, self._players.use(player)) for player in self._players.of(current.account)]
        return self._area.page(
            "players/page",
            403 if why else 200,
            players=listed,
            made=made,
            error=pages.say(WHY[why]) if why else "",
            typed=request.form.get("name", "") if why else "",
        )

    def take(self, current: ConsoleSession) -> Response:
        match request.form.get("step", ""):
            case "add":
                return self._add(current)
            case "end":
                return self._end(current, request.form.get("player", ""))
        return pages.problem("request")

    def _add(self, current: ConsoleSession) -> Response:
        try:
            player, key = self._players.add(current.account, request.form.get("name", "").strip())
        except NotAdded as refused:
            return self.show(current, refused.reason)
        known = pages.cameras(self._owner, current.account)
        cameras = addressed(self._origins(), player.name, key, known)
        return self.show(current, made=Made(player.name, cameras, files(cameras)))

    def _end(self, current: ConsoleSession, player_id: str) -> Response:
        player = next((known for known in self._players.of(current.account) if known.id == player_id), None)
        if player is not None:
            end(self._players, player, self._end_pictures)
        return pages.led(AT)


def end(players: Players, player: Player, end_pictures: Callable[[str, str], None]) -> bool:
    """Revokes the key, then ends what the player shows. False if the player had ended before."""
    was_there = players.end(player)
    end_pictures(player.id, player.account)
    return was_there
