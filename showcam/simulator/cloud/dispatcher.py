"""The dispatcher of live streams: each one-shot token gives an address at a node, with a key."""

import asyncio
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from showcam.simulator.camera import Camera
from showcam.simulator.cloud.wire import ANSWER, ASK, Line, fields_of, message, text_of
from showcam.simulator.state import World

LIFE_S = 300.0  # life of an unused token (fiveapplesonthetable/hik-connect-py)
COLLIDE_S = 2.0  # tokens fetched closer together collide, and only the last works (luigibarretta/vistoda-ezviz)
AT_ONCE = 20
_STREAM = re.compile(r"(?<=[?&]stream=)[12](?=&|$)")
_TIME = re.compile(r"&timestamp=\d+$")


@dataclass(slots=True)
class Ticket:
    """A ticket works for one session at the node, at exactly this address."""

    url: str
    key: str
    user: str


class Tokens:
    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, tuple[str, float]] = {}  # by token: its user, and until when
        self._tickets: dict[str, Ticket] = {}  # by the token in the ticket's address

    def made(self, user: str) -> list[str]:
        """Makes tokens for the user. Sessions of the user that are still being opened then fail."""
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
        """Uses the token up and returns its user; None if the token is unknown, used or too old."""
        user, until = self._tokens.pop(token, ("", 0.0))
        return user if until > self._world.now() else None

    def ticket(self, url: str, user: str, token: str) -> Ticket:
        ticket = self._tickets[token] = Ticket(url, secrets.token_hex(16), user)
        return ticket

    def redeem(self, token: str) -> Ticket | None:
        return self._tickets.pop(token, None)


def parameters_of(url: str) -> dict[str, str]:
    """Returns the parameters of a stream's address; {} if the address is malformed."""
    try:
        parts = urlsplit(url)
        parameters = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        return {}
    return {name: values[0] for name, values in parameters.items()} if parts.scheme == "ysproto" else {}


def is_as_given(url: str, ticket: str) -> bool:
    """Tells whether an address is the given address, letter by letter.

    A client may name another stream in it, and add its time at the end if the given address has no time.
    """
    given, made = (_STREAM.sub("1", address, count=1) for address in (ticket, url))
    return made == given or ("timestamp=" not in given and _TIME.sub("", made) == given)


def camera_of(world: World, parameters: dict[str, str]) -> Camera | None:
    serial, channel = parameters.get("dev", ""), parameters.get("chn", "")
    return world.find(serial, int(channel)) if channel.isascii() and channel.isdigit() and len(channel) < 4 else None


REDIRECT, NO_CAMERA, NO_RIGHT, BAD_TOKEN, BAD_URL = 5302, 6106, 5411, 5406, 5407


class Dispatcher:
    def __init__(self, world: World, tokens: Tokens) -> None:
        self._world, self._tokens = world, tokens
        self.node_port = 0

    async def serve(self, line: Line) -> None:
        code, body = await asyncio.wait_for(line.receive(), 10)
        if code != ASK:
            return
        url = text_of(fields_of(body), 1)
        await asyncio.sleep(self._world.settings.node_s / 4)
        await line.tell(ANSWER, message(self._answer(url)))

    def _answer(self, url: str) -> dict[int, int | str]:
        requested = parameters_of(url)
        if not requested:
            return {1: BAD_URL}
        token = requested.get("ssn", "")
        user = self._tokens.spent(token)
        if user is None:
            return {1: BAD_TOKEN}
        camera = camera_of(self._world, requested)
        if camera is None:
            return {1: NO_CAMERA}
        if camera not in self._world.visible(user):
            return {1: NO_RIGHT}
        # always the whole picture, whichever was asked for; the last two parameters are only for the two servers
        query = "&".join(f"{name}={'1' if name == 'stream' else value}" for name, value in requested.items())
        redirect = f"ysproto://127.0.0.1:{self.node_port}/live?{query}&hdSign={secrets.token_hex(8)}&busiProxy=0"
        ticket = self._tokens.ticket(redirect, user, token)
        return {1: REDIRECT, 5: ticket.key, 6: "ys7-vtm v2.18.5", 7: redirect}
