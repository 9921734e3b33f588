"""One-shot tokens of live streams, and what a dispatcher makes of one: an address at a node, with a key."""

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from simulator.camera import Camera
from simulator.state import World

LIFE_S = 300.0
COLLIDE_S = 2.0  # tokens of an account that are fetched closer together get into each other's way: the last is good
AT_ONCE = 20


@dataclass(slots=True)
class Ticket:
    """Good for one session at the node, at just this address."""

    url: str
    key: str
    user: str


class Tokens:
    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, tuple[str, float]] = {}  # the user's, until
        self._tickets: dict[str, Ticket] = {}  # by the token in its address

    def made(self, user: str) -> list[str]:
        """A session of the user's that is being opened just now will not open any more."""
        now = self._world.now()
        self._tickets = {ticket: row for ticket, row in self._tickets.items() if row.user != user}
        self._tokens = {
            token: (whose, until)
            for token, (whose, until) in self._tokens.items()
            if until > now and (whose != user or until < now + LIFE_S - COLLIDE_S)
        }
        made = [f"ut.{secrets.token_hex(30)}" for _ in range(AT_ONCE)]
        self._tokens |= dict.fromkeys(made, (user, now + LIFE_S))
        return made

    def spent(self, token: str) -> str | None:
        """Whose it was; None for one that is unknown, used or too old."""
        user, until = self._tokens.pop(token, ("", 0.0))
        return user if until > self._world.now() else None

    def ticket(self, url: str, user: str, token: str) -> Ticket:
        ticket = self._tickets[token] = Ticket(url, secrets.token_hex(16), user)
        return ticket

    def taken(self, token: str) -> Ticket | None:
        return self._tickets.pop(token, None)


def asked(url: str) -> dict[str, str]:
    """What an address asks for; {} where it is none."""
    try:
        parts = urlsplit(url)
        parameters = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        return {}
    return {name: values[0] for name, values in parameters.items()} if parts.scheme == "ysproto" else {}


def same_but_for(url: str, ticket: str, free: frozenset[str]) -> bool:
    """Whether an address is the one that was given, but for parameters that a client may change or add."""
    one, other = asked(url), asked(ticket)
    names = (one.keys() | other.keys()) - free
    return urlsplit(url).netloc == urlsplit(ticket).netloc and all(one.get(name) == other.get(name) for name in names)


def camera_of(world: World, parameters: dict[str, str]) -> Camera | None:
    serial, channel = parameters.get("dev", ""), parameters.get("chn", "")
    return world.find(serial, int(channel)) if channel.isascii() and channel.isdigit() and len(channel) < 4 else None
