"""The part that both assistants' clouds share: link, tokens, discovered cameras, record of messages, and news.

News come without a request: a report came, or somebody rang.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import aiohttp

from showcam.simulator.assistants.linking import Client, LinkDead, Linking, Tokens
from showcam.simulator.assistants.person import LinkFailed, Person
from showcam.simulator.assistants.speech import Outcome, not_linked
from showcam.simulator.assistants.wire import NoAnswer, Record, Wire

KEPT = 200


@dataclass(frozen=True, slots=True)
class Item:
    number: int
    kind: Literal["report", "ring", "announcement"]
    camera: str  # the camera's id; "" for no camera or several
    at: float  # by the event loop's clock


class News:
    def __init__(self) -> None:
        self.items: deque[Item] = deque(maxlen=KEPT)
        self.last = 0  # the number of the newest item
        self._came = asyncio.Event()

    def add(self, kind: Literal["report", "ring", "announcement"], camera: str = "") -> None:
        self.last += 1
        self.items.append(Item(self.last, kind, camera, asyncio.get_running_loop().time()))
        self._came.set()
        self._came = asyncio.Event()

    async def after(self, number: int | None = None) -> AsyncIterator[Item]:
        """Yields each item after that number; None: each item from now on."""
        seen = self.last if number is None else number
        while True:
            came = self._came
            for item in [item for item in self.items if item.number > seen]:
                seen = item.number
                yield item
            await came.wait()


class Unlinked(Exception):
    """The assistant has no link, or has lost it; the text says why."""


@dataclass(slots=True)
class State:
    """The state of a link. A file keeps it beyond a restart: see `showcam.simulator.assistants.door`."""

    tokens: Tokens | None = None
    cameras: list[dict[str, Any]] = field(default_factory=list)
    household: str | None = None
    user: str | None = None  # the person that signed in without a browser
    problem: str | None = None  # why the last linking failed


class Cloud:
    name = ""  # in paths
    title = ""  # for people

    def __init__(self, http: aiohttp.ClientSession, app_url: str, client: Client) -> None:
        self.http = http
        self.app_url = app_url
        self.state = State()
        self.record = Record()
        self.news = News()
        self.linking = Linking(client, app_url)
        self._refreshing = asyncio.Lock()

    def wire(self) -> Wire:
        return Wire(self.http, self.record)

    def about(self) -> dict[str, Any]:
        return {
            "linked": self.state.tokens is not None,
            "cameras": self.state.cameras,
            "household": self.state.household,
            "user": self.state.user,
            "problem": self.state.problem,
            "news": self.news.last,
        }

    async def finish_link(self, wire: Wire, answered: dict[str, str]) -> None:
        """Finishes the linking: from the redirect back to the account's known cameras. Raises LinkFailed, NoAnswer."""
        self.forget()
        try:
            self.state.tokens = await self.linking.finish(wire, answered)
            await self.learn(wire)
        except (LinkFailed, NoAnswer, Unlinked) as error:
            self.forget(_sentence(str(error)))
            raise LinkFailed(str(error)) from None

    async def link_as(self, wire: Wire, person: Person, redirect_uri: str) -> None:
        """Links the account without a browser, on showcam's real pages. Raises LinkFailed."""
        url = self.linking.begin(redirect_uri)
        jar = aiohttp.CookieJar(unsafe=True)  # the address is an IP
        try:
            async with aiohttp.ClientSession(cookie_jar=jar) as browser:
                answered = await person.authorize(wire, browser, url, redirect_uri)
        except (LinkFailed, NoAnswer) as error:
            self.state.problem = _sentence(str(error))
            raise LinkFailed(str(error)) from None
        await self.finish_link(wire, answered)
        self.state.user = person.user

    async def learn(self, wire: Wire) -> None:
        """Sends Discover or SYNC. Raises LinkFailed if the answer is no list of cameras, NoAnswer, Unlinked."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """Returns the part of the link that outlives a restart."""
        return asdict(self.state)

    def restore(self, kept: dict[str, Any]) -> None:
        """Restores the state. Raises KeyError, TypeError for the state of another version."""
        tokens = kept["tokens"]
        self.state = State(**(kept | {"tokens": Tokens(**tokens) if tokens else None}))

    def lost(self) -> Outcome:
        """The outcome of a wish without a link, or after the link was lost."""
        if self.state.problem is None:
            return not_linked(self.title)
        return Outcome(spoken="I couldn't find any cameras.", person=self.state.problem)

    def access(self) -> str:
        if self.state.tokens is None:
            raise Unlinked(f"{self.title} is not linked")
        return self.state.tokens.access

    def forget(self, why: str | None = None) -> None:
        self.state = State(problem=why)

    async def renew(self, wire: Wire, dead: str) -> None:
        """Replaces an expired access token; an expired refresh token unlinks, as in life. Raises Unlinked."""
        async with self._refreshing:
            if self.state.tokens is None or self.state.tokens.access != dead:
                return  # another message has refreshed it
            try:
                self.state.tokens = await self.linking.refresh(wire, self.state.tokens)
            except LinkDead as error:
                why = (
                    f"showcam no longer accepts the refresh token ({error}). {self.title} has unlinked it: link again."
                )
                self.forget(why)
                raise Unlinked(why) from None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
