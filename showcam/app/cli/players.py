"""`showcam players`: a household's own programs, such as a recorder, that watch its cameras at home."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click
from msgspec.structs import asdict

from showcam.app.cli import Group, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table, wants_json

if TYPE_CHECKING:
    from showcam.accounts.players import Player, Players
    from showcam.app.compose.command import Household
    from showcam.app.settings import Settings
    from showcam.console.players.files import Addressed

_USER = click.option("--user", help="Whose cameras (default: the only household's; demo@example.com's in the demo).")
_WHY = {
    "name": "A name has letters, digits, - and _, 32 at most: {}",
    "taken": "There is a player of this name: showcam players end {}",
    "many": "There are as many players as may be: showcam players list",
}


@click.group(cls=Group)
def players() -> None:
    """Programs that watch your cameras at home, such as Home Assistant, Frigate or go2rtc."""


@players.command()
@click.argument("name")
@_USER
@as_json
def add(name: str, user: str | None) -> None:
    """Add the program NAME and print its addresses for each camera. Its key, which is in them, is shown only now."""
    from showcam.accounts.players import NotAdded
    from showcam.app.compose.players import origins
    from showcam.console.players.files import addressed
    from showcam.drivers.errors import Unavailable

    with _of(user) as (settings, home, known):
        try:
            cameras = home.owner.cameras(home.account).cameras
        except Unavailable:
            cameras = home.owner.known(home.account)
        try:
            player, key = known.add(home.account, name)
        except NotAdded as refused:
            stop(_WHY[refused.reason].format(name), code=1)
        addresses = addressed(origins(settings), name, key, cameras)
    rows = [(camera.name, at) for camera in addresses for at in _all(camera)]
    facts = {"player": player.id, "name": name, "key": key, "cameras": [asdict(camera) for camera in addresses]}
    report(facts, table(rows, ("Camera", "Address")))
    if not wants_json():
        echo("They open at home only. The page of players makes the files of programs: showcam home", err=True)


@players.command("list")
@_USER
@as_json
def list_(user: str | None) -> None:
    """List the household's players, with their last use and how often they opened a camera."""
    with _of(user) as (_, home, known):
        rows = [(player, known.use(player)) for player in known.of(home.account)]
    facts = [
        {"id": player.id, "name": player.name, "created": player.created, "last_used": use.last, "uses": use.count}
        for player, use in rows
    ]
    lines = table(
        [(player.name, _day(player.created), _minute(use.last), str(use.count)) for player, use in rows],
        ("Name", "Added", "Last used", "Uses"),
    )
    report({"players": facts}, lines if rows else ["There is no player: showcam players add NAME"])


@players.command()
@click.argument("name")
@_USER
@as_json
def end(name: str, user: str | None) -> None:
    """End the player NAME: its key opens nothing from now on, and what it shows ends."""
    from functools import partial

    from showcam.accounts import households
    from showcam.app.compose.command import pictures
    from showcam.console.players.page import end as ended

    with _of(user) as (settings, home, known):
        player = _named(known, home.account, name)
        ended(known, player, partial(households.end_pictures, pictures(settings)))
    report({"ended": [player.id]}, ["It has ended."])


@contextmanager
def _of(user: str | None) -> Iterator[tuple["Settings", "Household", "Players"]]:
    """The settings, the household and its players; the command ends if this installation has no players."""
    from showcam.accounts.players import Players
    from showcam.app.compose.command import household

    settings = settings_of()
    if not settings.is_one_house:
        stop("Players are for a showcam at home, which fetches pictures itself.", code=1)
    with household(settings, user) as home:
        yield settings, home, Players(home.store)


def _named(known: "Players", account: str, name: str) -> "Player":
    found = next((player for player in known.of(account) if player.name.lower() == name.lower()), None)
    if found is None:
        stop(f"There is no player {name}: showcam players list", code=1)
    return found


def _all(camera: "Addressed") -> list[str]:
    return [at for at in (camera.rtsp, camera.hls, camera.whep, camera.still) if at]


def _day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d")


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M") if at else "never"
