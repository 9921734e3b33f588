"""The spoken half of showcam's skill, as an Echo speaks with it."""

import asyncio
import contextlib
import json
from typing import Any

from simulator.assistants import spoken
from simulator.assistants.amazon import SKILL_ID, Amazon
from simulator.assistants.outcome import no_answer
from simulator.assistants.wire import NoAnswer, Wire

SKILL_S = 8.0


class Skill:
    """While the skill's session is open, everything that is said is for it."""

    def __init__(self, amazon: Amazon, url: str) -> None:
        self._amazon = amazon
        self._url = url
        self._session: dict[str, Any] | None = None  # the attributes of the open session
        self._telling: set[asyncio.Task[None]] = set()
        self._names: tuple[str, ...] = ()  # camera names that recognition listens for in it

    @property
    def waiting(self) -> bool:
        return self._session is not None

    def take_session(self) -> dict[str, Any] | None:
        session, self._session = self._session, None
        return session

    async def say(self, wire: Wire, wish: str, token: str | None, session: dict[str, Any] | None) -> dict[str, Any]:
        """{"outcome"} and the video to play; the request is signed as Amazon signs it."""
        body = spoken.request(SKILL_ID, token, wish, session, self._names if session is not None else ())
        headers = self._amazon.signed(json.dumps(body).encode())
        try:
            reply = await wire.send("Alexa: asks the skill", self._url, body=body, headers=headers, timeout_s=SKILL_S)
        except NoAnswer as error:
            return {"outcome": no_answer("Sorry, the skill isn't responding.", str(error))}
        outcome, self._session, video = spoken.judge(reply.json(), reply.status, token)
        self._names = spoken.names_to_hear(reply.json()) if self._session is not None else ()
        if not video:
            outcome.answered = spoken.intent(wish)["name"] != "ShowIntent"
            return {"outcome": outcome}
        return {"outcome": outcome, "camera": {"id": "", "name": video["title"]}, "hls": video["source"]}

    def tell_later(self, wire: Wire, kind: str, token: str | None = None) -> None:
        """Sends an event, for which nobody waits: the account was linked, or the skill disabled. Amazon tries again."""
        telling = asyncio.create_task(self._tell(wire, kind, token))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell(self, wire: Wire, kind: str, token: str | None) -> None:
        body = spoken.skill_event(SKILL_ID, kind, token)
        headers = self._amazon.signed(json.dumps(body).encode())
        with contextlib.suppress(NoAnswer):
            await wire.send(f"Alexa: {kind}", self._url, body=body, headers=headers, timeout_s=SKILL_S)
