"""“Alexa, ask my cameras …”: Amazon's request to the skill, and the Echo's reaction to the answer."""

import asyncio
import contextlib
import json
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from showcam.simulator.assistants.amazon import SKILL_ID, Amazon
from showcam.simulator.assistants.rules import Rules
from showcam.simulator.assistants.speech import Outcome, no_answer
from showcam.simulator.assistants.wire import ANSWER_S, NoAnswer, Wire

USER = "amzn1.ask.account.DEMO"
_ASK = re.compile(r"^(?:alexa[\s,]+)?(?:ask|tell|open)\s+my\s+cameras\b[\s,]*(?:to\s+)?(?P<wish>.*)$", re.I)
_NAME = r"(?:the\s+)?(?P<camera>.+?)(?:\s+camera)?"
_INTENTS = (
    (re.compile(r"(?:which|what) cameras .*|how are my cameras", re.I), "ReadyCamerasIntent"),
    (re.compile(r"why(?: (?:i can['’]t|can['’]t i) see a camera)?", re.I), "WhyIntent"),
    (re.compile(r"(?:mend|fix) (?:it|a camera)", re.I), "MendIntent"),
    (re.compile(r"show (?:it|a camera)", re.I), "ShowIntent"),
    (re.compile(r"turn on the sound", re.I), "SoundOnIntent"),
    (re.compile(rf"why (?:i )?(?:can['’]t|won['’]t) (?:i |you )?(?:see |show )?{_NAME}(?: show)?", re.I), "WhyIntent"),
    (re.compile(rf"what(?:'s|’s| is) wrong with {_NAME}", re.I), "WhyIntent"),
    (re.compile(rf"(?:mend|fix|repair) {_NAME}", re.I), "MendIntent"),
    (re.compile(rf"turn on (?:the sound of )?{_NAME}(?:['’]s sound)?", re.I), "SoundOnIntent"),
    (re.compile(rf"show (?:me )?{_NAME}", re.I), "ShowIntent"),
    (re.compile(r"help", re.I), "AMAZON.HelpIntent"),
)
_ANSWERS = {
    "yes": "AMAZON.YesIntent",
    "no": "AMAZON.NoIntent",
    "stop": "AMAZON.StopIntent",
    "nothing": "AMAZON.CancelIntent",
}
_PLACE = re.compile(r"(?:the )?(?P<place>first|second|third|fourth|fifth)(?: one)?", re.I)
_DIGITS = {word: str(number) for number, word in enumerate(["first", "second", "third", "fourth", "fifth"], 1)}


class Name(NamedTuple):
    """A camera's name that the skill told Alexa to listen for in this session."""

    id: str
    name: str


def skill_request(text: str) -> str | None:
    """Returns the wish for the skill, "" to open it; None if the text is not for the skill."""
    match = _ASK.match(" ".join(text.split()).strip(" .!?"))
    return match["wish"] if match else None


def intent(wish: str, names: Sequence[Name] = ()) -> dict[str, Any]:
    """Returns the recognised intent and its slot. `names` are the camera names to listen for."""
    if name := _ANSWERS.get(wish.strip(" .!?").lower()):
        return {"name": name, "slots": {}}
    for pattern, name in _INTENTS:
        if match := pattern.fullmatch(wish):
            camera = match.groupdict().get("camera")
            return {"name": name, "slots": {"camera": _slot(camera.lower(), names)} if camera else {}}
    if match := _PLACE.fullmatch(wish.strip(" .!?")):
        place = {"name": "place", "value": _DIGITS[match["place"].lower()]}
        return {"name": "ChoiceIntent", "slots": {"place": place}}
    if _plain(wish) in {_plain(known.name) for known in names}:
        return {"name": "CameraIntent", "slots": {"camera": _slot(_plain(wish), names)}}
    return {"name": "AMAZON.FallbackIntent", "slots": {}}


def _slot(value: str, names: Sequence[Name]) -> dict[str, Any]:
    """The slot of a camera, with what Alexa found among the names that the skill gave it in this session.

    https://developer.amazon.com/en-US/docs/alexa/custom-skills/entity-resolution.html
    """
    slot: dict[str, Any] = {"name": "camera", "value": value, "confirmationStatus": "NONE", "source": "USER"}
    if not names:
        return slot
    found = [{"value": {"name": known.name, "id": known.id}} for known in names if _plain(known.name) == _plain(value)]
    authority: dict[str, Any] = {
        "authority": f"amzn1.er-authority.echo-sdk.dynamic.{SKILL_ID}.CAMERA_NAME",
        "status": {"code": "ER_SUCCESS_MATCH" if found else "ER_SUCCESS_NO_MATCH"},
    }
    if found:
        authority["values"] = found
    return slot | {"resolutions": {"resolutionsPerAuthority": [authority]}}


def _plain(name: str) -> str:
    match = re.fullmatch(_NAME, name.strip(" .!?").lower())
    return match["camera"] if match else ""


def names_to_hear(answer: Any) -> tuple[Name, ...]:
    """Returns the camera names that the answer adds to recognition (Dialog.UpdateDynamicEntities)."""
    response = answer.get("response") if isinstance(answer, dict) else None
    given = response.get("directives", []) if isinstance(response, dict) else []
    updates = [directive for directive in given if directive.get("type") == "Dialog.UpdateDynamicEntities"]
    types = [slot_type for update in updates for slot_type in update["types"]]
    return tuple(Name(value["id"], value["name"]["value"]) for slot_type in types for value in slot_type["values"])


def request(
    skill_id: str, token: str | None, wish: str, attributes: dict[str, Any] | None, names: Sequence[Name] = ()
) -> dict[str, Any]:
    """Returns a request as an Echo Show sends it."""
    user = {"userId": USER} | ({"accessToken": token} if token else {})
    application = {"applicationId": skill_id}
    body: dict[str, Any] = {
        "requestId": f"amzn1.echo-api.request.{uuid.uuid4()}",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "locale": "en-US",
    }
    kind = {"type": "IntentRequest", "intent": intent(wish, names)} if wish else {"type": "LaunchRequest"}
    device = {"deviceId": "demo-echo-show", "supportedInterfaces": {"Alexa.Presentation.APL": {}, "VideoApp": {}}}
    return {
        "version": "1.0",
        "session": {
            "new": attributes is None,
            "sessionId": f"amzn1.echo-api.session.{uuid.uuid4()}",
            "application": application,
            "attributes": attributes or {},
            "user": user,
        },
        "context": {"System": {"application": application, "user": user, "device": device}},
        "request": body | kind,
    }


def skill_event(skill_id: str, kind: str, token: str | None) -> dict[str, Any]:
    """Returns a skill event as Amazon sends it, without a session; it names the user. `token`: of a link just made."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    system = {"application": {"applicationId": skill_id}, "user": {"userId": USER}}
    body: dict[str, Any] = {
        "type": f"AlexaSkillEvent.{kind}",
        "requestId": str(uuid.uuid4()),
        "timestamp": at,
        "eventCreationTime": at,
        "eventPublishingTime": at,
    }
    if token is not None:
        body["body"] = {"accessToken": token}
    return {"version": "1.0", "context": {"System": system}, "request": body}


def judge(answer: Any, status: int, token: str | None) -> tuple[Outcome, dict[str, Any] | None, dict[str, str]]:
    """Returns the outcome, the session's attributes (None: it has ended), and the video: {"source", "title"} or {}."""
    rules = Rules()
    rules.must(status == 200, f"the answer came with status {status}")
    response = answer.get("response") if isinstance(answer, dict) else None
    if not rules.must(isinstance(response, dict), "the answer has no response"):
        return Outcome(spoken="There was a problem with the requested skill's response.", broken=rules.broken), None, {}
    assert isinstance(response, dict)
    if token:
        rules.without_token(token, str(answer))
    speech = response.get("outputSpeech") or {}
    rules.must(speech.get("type") in ("PlainText", "SSML"), "outputSpeech has no type")
    rules.must(len(speech.get("text", "")) <= 8000, "the speech is longer than 8000 characters")
    video = _video(rules, response)
    card = response.get("card") or {}
    person = card.get("content")
    if card.get("type") == "LinkAccount":
        person = "A card in the Alexa app asks to link the account."
    outcome = Outcome(shown=bool(video), spoken=speech.get("text", ""), person=person, broken=rules.broken)
    is_open = response.get("shouldEndSession") is False
    return outcome, dict(answer.get("sessionAttributes") or {}) if is_open else None, video


def _video(rules: Rules, response: dict[str, Any]) -> dict[str, str]:
    directives = response.get("directives", [])
    launch = next((directive for directive in directives if directive.get("type") == "VideoApp.Launch"), None)
    if launch is None:
        return {}
    rules.must("shouldEndSession" not in response, "a response that launches a video says nothing of the session's end")
    source = launch.get("videoItem", {}).get("source")
    rules.url(source, "the video's source")
    rules.must(str(source).endswith((".m3u8", ".mp4", ".ts")), "the video's source ends in none of .m3u8, .mp4, .ts")
    title = launch["videoItem"].get("metadata", {}).get("title")
    return {"source": str(source), "title": str(title or "")}


class Skill:
    """While the skill's session is open, the skill gets every sentence."""

    def __init__(self, amazon: Amazon, url: str) -> None:
        self._amazon = amazon
        self._url = url
        self._session: dict[str, Any] | None = None  # the attributes of the open session
        self._telling: set[asyncio.Task[None]] = set()
        self._names: tuple[Name, ...] = ()  # camera names that speech recognition listens for in the skill

    @property
    def waiting(self) -> bool:
        return self._session is not None

    def take_session(self) -> dict[str, Any] | None:
        session, self._session = self._session, None
        return session

    async def say(self, wire: Wire, wish: str, token: str | None, session: dict[str, Any] | None) -> dict[str, Any]:
        """Sends a request, signed as Amazon signs it. Returns {"outcome"} and the video to play."""
        body = request(SKILL_ID, token, wish, session, self._names if session is not None else ())
        headers = self._amazon.signed(json.dumps(body).encode())
        try:
            reply = await wire.send("Alexa: asks the skill", self._url, body=body, headers=headers, timeout_s=ANSWER_S)
        except NoAnswer as error:
            return {"outcome": no_answer("Sorry, the skill isn't responding.", str(error))}
        outcome, self._session, video = judge(reply.json(), reply.status, token)
        self._names = names_to_hear(reply.json()) if self._session is not None else ()
        if not video:
            outcome.answered = intent(wish)["name"] != "ShowIntent"
            return {"outcome": outcome}
        return {"outcome": outcome, "camera": {"id": "", "name": video["title"]}, "hls": video["source"]}

    def tell_later(self, wire: Wire, kind: str, token: str | None = None) -> None:
        """Sends an event without waiting: the account was linked, or the skill disabled. Amazon tries again."""
        telling = asyncio.create_task(self._tell(wire, kind, token))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell(self, wire: Wire, kind: str, token: str | None) -> None:
        body = skill_event(SKILL_ID, kind, token)
        headers = self._amazon.signed(json.dumps(body).encode())
        with contextlib.suppress(NoAnswer):
            await wire.send(f"Alexa: {kind}", self._url, body=body, headers=headers, timeout_s=ANSWER_S)
