"""An Echo in a session of the custom skill, and the links of those who speak."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from showcam.accounts import households
from showcam.accounts.links import authenticate
from showcam.alexa.spoken.skill import Spoken
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link
from tests.doubles.household import Household

SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"
PAGE = "https://cam.example"


@dataclass
class People:
    """The links of Amazon's users in memory; composition keeps them in the store."""

    home: Household
    known: dict[str, Link] = field(default_factory=dict)
    away: bool = False

    def remember(self, user: str, link: Link) -> None:
        self._reach()
        self.known[user] = link

    def link_of(self, user: str) -> Link | None:
        self._reach()
        return self.known.get(user)

    def _reach(self) -> None:
        if self.away:
            raise StoreUnavailable

    def end(self, link: Link) -> None:
        households.end(self.home.store, self.home.pictures, link)


@dataclass
class Echo:
    """An Echo of one Amazon user. Keeps the session's attributes while the session is open."""

    spoken: Spoken
    token: str | None
    locale: str = "en-GB"
    interfaces: tuple[str, ...] = ("Alexa.Presentation.APL", "VideoApp")
    attributes: dict[str, Any] = field(default_factory=dict)

    def intent(self, name: str, heard: str = "", slots: dict[str, Any] | None = None) -> dict[str, Any]:
        """`slots`: as Amazon sends them, for those that `heard` does not describe."""
        given = intent(name, heard)
        given["intent"]["slots"] |= slots or {}
        return self.send(given)

    def send(self, request: dict[str, Any], **system: Any) -> dict[str, Any]:
        answer = json.loads(json.dumps(self.spoken.answer(self.request(request, **system))))
        self.attributes = answer.get("sessionAttributes") or {}
        return dict(answer["response"])

    def request(self, request: dict[str, Any], **system: Any) -> dict[str, Any]:
        user = {"userId": "amzn1.ask.account.A"} | ({"accessToken": self.token} if self.token else {})
        interfaces: dict[str, object] = {name: {} for name in self.interfaces}
        application = {"applicationId": SKILL}
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "version": "1.0",
            "session": {
                "new": True,
                "sessionId": "s",
                "application": application,
                "attributes": self.attributes,
                "user": user,
            },
            "context": {
                "System": {
                    "application": application,
                    "user": user,
                    "device": {"deviceId": "d", "supportedInterfaces": interfaces},
                    **system,
                }
            },
            "request": {"requestId": "r", "timestamp": now, "locale": self.locale, **request},
        }


def spoken_of(home: Household, people: People | None = None) -> Spoken:
    known = partial(authenticate, home.store, assistant="alexa")
    return Spoken(known, home.registry, people or People(home), SKILL, PAGE)


def text(response: dict[str, Any]) -> str:
    assert response["outputSpeech"]["type"] == "PlainText"
    return str(response["outputSpeech"]["text"])


def intent(name: str, heard: str = "") -> dict[str, Any]:
    slots = {"camera": {"name": "camera", "confirmationStatus": "NONE"} | ({"value": heard} if heard else {})}
    return {"type": "IntentRequest", "intent": {"name": name, "slots": slots}}
