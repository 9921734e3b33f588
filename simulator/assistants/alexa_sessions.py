"""The live views by WebRTC of an Echo: begun by an offer, connected, and ended."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import aiohttp

from simulator.assistants.alexa_customer import AlexaCustomer
from simulator.assistants.alexa_messages import RTC
from simulator.assistants.cloud import Unlinked
from simulator.assistants.linking import Client
from simulator.assistants.login_with_amazon import LoginWithAmazon
from simulator.assistants.wire import NoAnswer, Wire

DIRECTIVE_S = 8.0


@dataclass(slots=True)
class Session:
    """A live view by WebRTC; begun once showcam has answered its offer."""

    endpoint: dict[str, Any]
    begun: bool = False


class AlexaSessions(AlexaCustomer):
    def __init__(
        self, http: aiohttp.ClientSession, app_url: str, client: Client, login: LoginWithAmazon | None = None
    ) -> None:
        super().__init__(http, app_url, client, login)
        self.sessions: dict[str, Session] = {}

    @abstractmethod
    async def direct(
        self,
        wire: Wire,
        namespace: str,
        name: str,
        endpoint: dict[str, Any] | None,
        payload: dict[str, Any],
        within_s: float,
    ) -> tuple[dict[str, Any], list[str]]:
        """(event, broken rules). Raises NoAnswer, Unlinked."""

    async def connected(self, wire: Wire, session: str) -> list[str]:
        """Reports the connection; returns the rules the answer broke. Raises KeyError."""
        return await self.notify(wire, "SessionConnected", session, self.sessions[session])

    async def hide(self, wire: Wire) -> list[str]:
        """Ends every live view of this screen; returns the rules the answers broke."""
        broken = []
        ending = dict(self.sessions)  # a view that begins meanwhile stays
        for session, known in ending.items():
            if self.sessions.pop(session, None) is not None and known.begun:
                broken += await self.notify(wire, "SessionDisconnected", session, known)
        return broken

    async def notify(self, wire: Wire, name: str, session: str, known: Session) -> list[str]:
        try:
            answer, broken = await self.direct(wire, RTC, name, known.endpoint, {"sessionId": session}, DIRECTIVE_S)
        except (NoAnswer, Unlinked) as error:
            return [str(error)]
        if not broken and answer["event"]["header"]["name"] == "ErrorResponse":
            return [f"{name} was refused: {answer['event']['payload']['type']}"]
        return broken
