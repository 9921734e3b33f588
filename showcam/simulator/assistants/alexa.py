"""Amazon's side of an Echo Show: directives out, events in, Alexa's spoken answers, and live views by WebRTC."""

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from showcam.i18n import hearing
from showcam.simulator.assistants import alexa_rules, skill, speech
from showcam.simulator.assistants.alexa_control_rules import SCENES
from showcam.simulator.assistants.alexa_endpoints import CAMERA_STREAM, POWER, RTC, combinations, directive
from showcam.simulator.assistants.alexa_endpoints import capability_of as capability
from showcam.simulator.assistants.amazon import Amazon, Customer
from showcam.simulator.assistants.cloud import Cloud, Unlinked
from showcam.simulator.assistants.linking import Client
from showcam.simulator.assistants.person import LinkFailed
from showcam.simulator.assistants.skill import Skill
from showcam.simulator.assistants.speech import Outcome, no_answer, not_understood, unknown_camera
from showcam.simulator.assistants.wire import ANSWER_S, PICTURE_S, NoAnswer, Wire

EVENTS = "https://api.amazonalexa.com/v3/events"  # the address that the record shows


@dataclass(slots=True)
class Session:
    """A live view by WebRTC; `begun` once showcam has answered the offer."""

    endpoint: dict[str, Any]
    begun: bool = False


class Alexa(Cloud):
    name = "alexa"
    title = "Alexa"

    def __init__(self, http: aiohttp.ClientSession, app_url: str, amazon: Amazon | None = None) -> None:
        super().__init__(http, app_url, Client("alexa", "alexa-secret", basic=True))
        self._amazon = amazon
        self._skill = None if amazon is None else Skill(amazon, f"{self.app_url}/alexa/skill")
        self.sessions: dict[str, Session] = {}
        self.customer = self.new_customer()

    def new_customer(self) -> Customer:
        customer = Customer()
        customer.endpoints.listeners.append(partial(self._reported, customer))
        return customer

    def facts(self) -> dict[str, Any]:
        endpoints = self.customer.endpoints
        states = [
            [its_id, *key, value] for its_id, reported in endpoints.states.items() for key, value in reported.items()
        ]
        refresh = self._amazon.login.refresh_tokens(self.customer) if self._amazon else []
        return {"state": super().facts(), "endpoints": endpoints.by_id, "states": states, "refresh": refresh}

    def restore(self, kept: dict[str, Any]) -> None:
        super().restore(kept["state"])
        endpoints = self.customer.endpoints
        endpoints.by_id = kept["endpoints"]
        for its_id, namespace, name, instance, value in kept["states"]:
            endpoints.states.setdefault(its_id, {})[namespace, name, instance] = value
        if self._amazon:
            self._amazon.login.take_back(kept["refresh"], self.customer)

    def about(self) -> dict[str, Any]:
        endpoints = self.customer.endpoints
        if self.state.tokens is None:
            return super().about()
        reports = {
            "names": [event["header"]["name"] for event in endpoints.events],
            "repeated": endpoints.repeated,
            "dropped": list(endpoints.dropped),
        }
        return super().about() | {"reports": reports, "states": endpoints.values()}

    def _reported(self, customer: Customer, event: dict[str, Any]) -> None:
        """Takes the news that the event gateway has accepted an event about this customer's devices."""
        if self.state.tokens is None or customer is not self.customer:
            return
        name = event["header"]["name"]
        self.state.cameras = customer.endpoints.cameras()
        title = f"Event gateway: {name}"
        self.wire().note(title, "POST", EVENTS, request={"event": event}, status=202, response=None, ms=0)
        pressed = name == "DoorbellPress"
        self.news.add("ring" if pressed else "report", event["endpoint"]["endpointId"] if pressed else "")

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
            answer, broken = await self.direct(wire, RTC, name, known.endpoint, {"sessionId": session}, ANSWER_S)
        except (NoAnswer, Unlinked) as error:
            return [str(error)]
        if not broken and answer["event"]["header"]["name"] == "ErrorResponse":
            return [f"{name} was refused: {answer['event']['payload']['type']}"]
        return broken

    async def learn(self, wire: Wire) -> None:
        answer, broken = await self.direct(wire, "Alexa.Discovery", "Discover", None, {}, ANSWER_S)
        if broken:
            raise LinkFailed(f"showcam broke a rule: {broken[0]}")
        payload = answer["event"]["payload"]
        if answer["event"]["header"]["name"] == "ErrorResponse":
            raise LinkFailed(f"Discover was answered by {payload['type']}: {payload['message']}")
        self.customer.endpoints.discovered(payload["endpoints"])
        self.state.cameras = self.customer.endpoints.cameras()

    async def finish_link(self, wire: Wire, answered: dict[str, str]) -> None:
        """Links the account. A skill that sends events must accept the grant, or linking fails."""
        self.customer = self.new_customer()
        await super().finish_link(wire, answered)
        if self._amazon is None:
            return
        try:
            refused = await self._grant(wire, self._amazon.login.code(self.customer))
        except (NoAnswer, Unlinked) as error:
            refused = str(error)
        if refused:
            self.forget(refused)
            raise LinkFailed(refused)
        if self._skill is not None:
            self._skill.tell_later(self.wire(), "SkillAccountLinked", self.access())

    async def _grant(self, wire: Wire, code: str) -> str:
        """Returns the reason why the grant was refused, or "". Raises NoAnswer, Unlinked."""
        grant = {"type": "OAuth2.AuthorizationCode", "code": code}
        body = {"grant": grant, "grantee": {"type": "BearerToken", "token": self.access()}}
        answer, broken = await self.direct(wire, "Alexa.Authorization", "AcceptGrant", None, body, ANSWER_S)
        if broken:
            return f"showcam broke a rule: {broken[0]}"
        is_error = answer["event"]["header"]["name"] == "ErrorResponse"
        return f"AcceptGrant was refused: {answer['event']['payload']['message']}" if is_error else ""

    async def unlink(self, wire: Wire) -> None:
        """Disables the skill: Amazon forgets its tokens, and sends the skill's event without any token."""
        self.sessions.clear()
        if self._amazon is not None:
            self._amazon.login.disable(self.customer)
        self.forget()
        if self._skill is not None:
            self._skill.tell_later(self.wire(), "SkillDisabled")

    async def open(self, wire: Wire, camera_id: str, via: str = "") -> dict[str, Any]:
        """Opens the view of a doorbell that rings, as an Echo does automatically. Raises KeyError.

        An Echo does this only for a camera with a doorbell, if CAMERA comes before DOORBELL.
        """
        camera = next(known for known in self.state.cameras if known["id"] == camera_id)
        if camera["categories"][:2] != ["CAMERA", "DOORBELL"] or not camera["webrtc"]:
            why = "an Echo opens a doorbell's view by itself where CAMERA stands before DOORBELL, and by WebRTC alone"
            return {"outcome": no_answer(f"Somebody is at {camera['name']}.", why)}
        try:
            return await self._show(wire, camera, via)
        except Unlinked:
            return {"outcome": self.lost()}
        except NoAnswer as error:
            return {"outcome": no_answer("Sorry, the device isn't responding.", str(error))}

    async def say(self, wire: Wire, text: str, via: str = "") -> dict[str, Any]:
        """Says a sentence. Returns {"outcome"} and the data that the screen needs to continue."""
        request = skill.skill_request(text)
        if request is not None or (self._skill is not None and self._skill.waiting):
            return await self._speak(wire, text if request is None else request)
        wish = hearing.hear(text)
        try:
            self.access()
            if wish.what == "discover":
                await self.learn(wire)
                found = f"I found {speech.count(len(self.state.cameras))}."
                return {"outcome": Outcome(spoken=found, answered=True)}
            if wish.what == "hide":
                await self.hide(wire)
                return {"outcome": Outcome(spoken=""), "hide": True}
            if wish.what in ("unclear", "battery", "restart", "reply", "why"):
                return {"outcome": not_understood(text, hearing.EXAMPLES)}
            if (scene := hearing.find_scene(wish, self.customer.endpoints.scenes())) is not None:
                return {"outcome": await self._activate(wire, scene, wish.about)}
            camera = hearing.find(wish, self.state.cameras)
            if camera is None:
                return {"outcome": unknown_camera(wish.camera, self.state.cameras, "discover devices")}
            if wish.what == "ask":
                return {"outcome": await self._query(wire, camera, wish.about)}
            if wish.what == "switch":
                return {"outcome": await self._switch(wire, camera, wish.about)}
            return await self._show(wire, camera, via)
        except Unlinked:
            return {"outcome": self.lost()}
        except LinkFailed as error:
            return {"outcome": no_answer("Sorry, I couldn't look for your devices.", str(error))}
        except NoAnswer as error:
            return {"outcome": no_answer("Sorry, the device isn't responding.", str(error))}

    async def _speak(self, wire: Wire, wish: str) -> dict[str, Any]:
        """Sends a wish to the skill's spoken half."""
        if self._skill is None:
            why = "this simulator runs without Amazon's part"
            return {"outcome": no_answer("Sorry, I don't know that skill.", why)}
        session = self._skill.take_session()
        await self.hide(wire)
        token = self.state.tokens.access if self.state.tokens else None
        return await self._skill.say(wire, wish, token, session)

    async def _show(self, wire: Wire, camera: dict[str, Any], via: str) -> dict[str, Any]:
        await self.hide(wire)
        if camera["webrtc"] and via != "hls":
            session = str(uuid.uuid4())
            self.sessions[session] = Session(self.customer.endpoints.by_id[camera["id"]])
            return {"outcome": Outcome(pending=True), "need": "offer", "camera": camera, "session": session}
        wanted = combinations(self.customer.endpoints.by_id[camera["id"]])
        if via == "webrtc" or not wanted:
            offers = "HLS" if wanted else "neither WebRTC nor HLS"
            return {"outcome": no_answer(f"{camera['name']} doesn't support that.", f"showcam offers {offers} for it")}
        endpoint = self.customer.endpoints.by_id[camera["id"]]
        body = {"cameraStreams": wanted}
        answer, broken = await self.direct(wire, CAMERA_STREAM, "InitializeCameraStreams", endpoint, body, PICTURE_S)
        outcome = self._judge(answer, broken, camera["name"])
        if not outcome.shown:
            return {"outcome": outcome, "camera": camera}
        stream = answer["event"]["payload"]["cameraStreams"][0]
        image = answer["event"]["payload"]["imageUri"]
        return {"outcome": outcome, "camera": camera, "hls": stream["uri"], "image": image}

    async def offer(self, wire: Wire, session: str, sdp: str) -> dict[str, Any]:
        """Sends the screen's offer as InitiateSessionWithOffer. Returns {"outcome", "answer"?}. Raises KeyError."""
        known = self.sessions[session]
        endpoint = known.endpoint
        name = endpoint["friendlyName"]
        body = {"sessionId": session, "offer": {"format": "SDP", "value": sdp}}
        try:
            answer, broken = await self.direct(wire, RTC, "InitiateSessionWithOffer", endpoint, body, PICTURE_S)
        except Unlinked:
            return {"outcome": self.lost()}
        except NoAnswer as error:
            return {"outcome": no_answer(f"{name} isn't responding.", str(error))}
        outcome = self._judge(answer, broken, name)
        if not outcome.shown:
            self.sessions.pop(session, None)
            return {"outcome": outcome}
        known.begun = True
        if session not in self.sessions:  # the view was hidden while showcam answered
            await self.notify(wire, "SessionDisconnected", session, known)
        return {"outcome": outcome, "answer": answer["event"]["payload"]["answer"]["value"]}

    async def _switch(self, wire: Wire, camera: dict[str, Any], to: str) -> Outcome:
        endpoint, name = self.customer.endpoints.by_id[camera["id"]], camera["name"]
        if capability(endpoint, POWER) is None:
            why = (
                "showcam offers no switch for it. Where its owner lets a voice do it (voice_may sleep), "
                "say “discover devices” and try again."
            )
            return no_answer(f"{name} doesn't support that.", why)
        switch = "TurnOn" if to == "on" else "TurnOff"
        answer, broken = await self.direct(wire, POWER, switch, endpoint, {}, ANSWER_S)
        outcome = self._judge(answer, broken, name)
        return Outcome(spoken="Okay.", answered=True) if outcome.shown else outcome

    async def _activate(self, wire: Wire, scene: dict[str, Any], to: str) -> Outcome:
        name = "Activate" if to == "on" else "Deactivate"
        endpoint = self.customer.endpoints.by_id[scene["id"]]
        answer, broken = await self.direct(wire, SCENES, name, endpoint, {}, ANSWER_S)
        outcome = self._judge(answer, broken, scene["name"])
        return Outcome(spoken="Okay.", answered=True) if outcome.shown else outcome

    async def _query(self, wire: Wire, camera: dict[str, Any], about: str) -> Outcome:
        endpoint = self.customer.endpoints.by_id[camera["id"]]
        answer, broken = await self.direct(wire, "Alexa", "ReportState", endpoint, {}, ANSWER_S)
        outcome = self._judge(answer, broken, camera["name"])
        return speech.report(answer, about, camera["name"]) if outcome.shown else outcome

    def _judge(self, answer: dict[str, Any], broken: list[str], name: str) -> Outcome:
        """Returns the outcome of an event. Alexa unlinks showcam if showcam does not know the credentials."""
        if not broken and answer["event"]["payload"].get("type") == "INVALID_AUTHORIZATION_CREDENTIAL":
            self.forget("showcam does not know the access token. Alexa has unlinked it: link again.")
        return speech.outcome(answer, broken, name)

    async def direct(
        self,
        wire: Wire,
        namespace: str,
        name: str,
        endpoint: dict[str, Any] | None,
        payload: dict[str, Any],
        within_s: float,
    ) -> tuple[dict[str, Any], list[str]]:
        """Returns the event and the broken rules. Refreshes an expired access token once. Raises NoAnswer, Unlinked."""
        for attempt in (1, 2):
            token = self.access()
            message = directive(namespace, name, endpoint, payload, token)
            url = f"{self.app_url}/alexa/smart-home"
            reply = await wire.send(f"Alexa: {name}", url, body=message, timeout_s=within_s)
            broken = alexa_rules.check(message, reply.status, reply.text, token)
            answer = reply.json()
            kind = None if broken else answer["event"]["payload"].get("type")
            if kind != "EXPIRED_AUTHORIZATION_CREDENTIAL" or attempt == 2:
                break
            await self.renew(wire, token)
        return answer if isinstance(answer, dict) else {}, broken
