"""Google's side of a smart display: intents out, results in, and what the Assistant then says."""

import secrets
from typing import Any

import aiohttp

from simulator.assistants import google_commands, google_rules, google_spoken, hearing
from simulator.assistants.cloud import Cloud, Unlinked
from simulator.assistants.google_commands import COMMANDS, TRAITS, Command
from simulator.assistants.linking import Client
from simulator.assistants.outcome import Outcome, no_answer, not_understood, unknown_camera
from simulator.assistants.person import LinkFailed
from simulator.assistants.wire import NoAnswer, Wire

INTENT_S = 8.0
STREAM = f"{COMMANDS}GetCameraStream"
DISPLAY = ["webrtc", "hls", "dash", "smooth_stream", "progressive_mp4"]
CHROMECAST = ["hls"]
EXAMPLES = (
    *hearing.EXAMPLES,
    "turn off audio on the garden camera",
    "how much battery does the gate have",
    "reboot the garden camera",
)


class Google(Cloud):
    name = "google"
    title = "Google"

    def __init__(self, http: aiohttp.ClientSession, app_url: str) -> None:
        super().__init__(http, app_url, Client("google", "google-secret", basic=False, locale="en-US"))
        self._devices: dict[str, dict[str, Any]] = {}
        self._sure: tuple[dict[str, Any], Command] | None = None  # the camera and what was asked: “Are you sure?”

    async def learn(self, wire: Wire) -> None:
        answer, broken = await self._intend(wire, "SYNC")
        if broken:
            raise LinkFailed(f"showcam broke a rule: {broken[0]}")
        payload = answer["payload"]
        if "errorCode" in payload:
            raise LinkFailed(
                f"SYNC was answered by {payload['errorCode']}: {payload.get('debugString', '')}".rstrip(": ")
            )
        if self.state.household not in (None, payload["agentUserId"]):
            raise LinkFailed("showcam broke a rule: agentUserId changed between two SYNCs of one link")
        self.state.household = payload["agentUserId"]
        self._devices = {one["id"]: one for one in payload["devices"]}
        self.state.cameras = [
            {
                "id": one["id"],
                "name": one["name"]["name"],
                "type": one["type"],
                "webrtc": "webrtc" in one["attributes"]["cameraStreamSupportedProtocols"],
                "hls": "hls" in one["attributes"]["cameraStreamSupportedProtocols"],
            }
            for one in payload["devices"]
        ]

    async def unlink(self, wire: Wire) -> None:
        """Unlinking in the Home app: DISCONNECT is sent, whatever comes back."""
        try:
            await self._intend(wire, "DISCONNECT")
        finally:
            self.forget()

    async def say(self, wire: Wire, text: str, via: str = "", pin: str = "") -> dict[str, Any]:
        """What the display does about it: {"outcome"} and what its screen needs to go on.

        `pin` is what a person says to "Can I have your PIN?"; the answer to what needs one has {"need": "pin"}.
        """
        wish = hearing.hear(text, google_commands.settings(self._devices.values()))
        sure, self._sure = self._sure, None
        try:
            self.access()
            if wish.what == "discover":
                await self.learn(wire)
                found = f"Okay, synced your devices: {len(self.state.cameras)} found."
                return {"outcome": Outcome(spoken=found, answered=True)}
            if wish.what == "hide":
                return {"outcome": Outcome(), "hide": True}
            if wish.what == "reply" and sure is not None:
                return await self._do(wire, *sure, {"ack": wish.about == "yes"})
            if wish.what in ("unclear", "reply"):
                return {"outcome": not_understood(text, EXAMPLES)}
            camera = hearing.find(wish, self.state.cameras)
            if camera is None:
                return {"outcome": unknown_camera(wish.camera, self.state.cameras, "sync my devices")}
            if wish.what == "ask":
                return {"outcome": await self._ask(wire, camera, wish.about)}
            if wish.what == "battery":
                return {"outcome": await self._ask(wire, camera, "battery")}
            if wish.what in ("switch", "set", "restart"):
                wanted = google_commands.command(wish, self._devices[camera["id"]])
                return await self._do(wire, camera, wanted, {"pin": pin} if pin else {})
            return await self._show(wire, camera, wish.screen, via)
        except Unlinked:
            return {"outcome": self.lost()}
        except LinkFailed as error:
            return {"outcome": no_answer("Sorry, I couldn't sync your devices.", str(error))}
        except NoAnswer as error:
            return {"outcome": no_answer("Sorry, I couldn't reach showcam.", str(error))}

    async def _show(self, wire: Wire, camera: dict[str, Any], screen: str, via: str) -> dict[str, Any]:
        offered = CHROMECAST if screen else [via] if via else DISPLAY
        device = self._devices[camera["id"]]
        params = {"StreamToChromecast": bool(screen), "SupportedStreamProtocols": offered}
        command = {"devices": [_named(device)], "execution": [{"command": STREAM, "params": params}]}
        answer, broken = await self._intend(wire, "EXECUTE", {"commands": [command]})
        if broken or "errorCode" in answer["payload"]:
            return {"outcome": self._judge(answer.get("payload", {}), broken, camera["name"]), "camera": camera}
        result = answer["payload"]["commands"][0]
        outcome = self._judge(result, broken, camera["name"], screen)
        told: dict[str, Any] = {"outcome": outcome, "camera": camera, "screen": screen}
        if not outcome.shown:
            return told
        states = result["states"]
        if states["cameraStreamProtocol"] == "webrtc":
            told["webrtc"] = {"signalingUrl": states["cameraStreamSignalingUrl"]}
            if token := states.get("cameraStreamAuthToken"):
                told["webrtc"]["authToken"] = token
            if servers := states.get("cameraStreamIceServers"):
                told["webrtc"]["iceServers"] = servers
        else:
            told["hls"] = states["cameraStreamAccessUrl"]
        return told

    async def _do(
        self, wire: Wire, camera: dict[str, Any], wanted: Command, challenge: dict[str, Any]
    ) -> dict[str, Any]:
        """`challenge` is what the person said to the question that came back."""
        device, name = self._devices[camera["id"]], camera["name"]
        if (lacking := google_commands.lacking(wanted, device)) is not None:
            return {"outcome": lacking}
        execution: dict[str, Any] = {"command": f"{COMMANDS}{wanted.name}", "params": wanted.params}
        if challenge:
            execution["challenge"] = challenge
        command = {"devices": [_named(device)], "execution": [execution]}
        answer, broken = await self._intend(wire, "EXECUTE", {"commands": [command]})
        if broken or "errorCode" in answer["payload"]:
            return {"outcome": self._judge(answer.get("payload", {}), broken, name)}
        result = answer["payload"]["commands"][0]
        if kind := result.get("challengeNeeded", {}).get("type"):
            return self._challenged(camera, wanted, kind, result)
        if result["status"] == "SUCCESS":
            return {"outcome": Outcome(spoken=f"Okay, {wanted.does}.", answered=True)}
        outcome = self._judge(result, broken, name)
        outcome.answered = outcome.told == "userCancelled"  # that was the wish
        return {"outcome": outcome}

    def _challenged(self, camera: dict[str, Any], wanted: Command, kind: str, result: dict[str, Any]) -> dict[str, Any]:
        spoken, told = google_spoken.challenge(kind, camera["name"]), f"{result['errorCode']}, {kind}"
        outcome = Outcome(spoken=spoken, told=told, person=result.get("debugString"))
        if kind != "ackNeeded":
            return {"outcome": outcome, "need": "pin"}
        self._sure = camera, wanted
        outcome.person = f"{outcome.person or ''} Say “yes” or “no”.".strip()
        return {"outcome": outcome, "need": "yes"}

    async def _ask(self, wire: Wire, camera: dict[str, Any], about: str) -> Outcome:
        device, name = self._devices[camera["id"]], camera["name"]
        if about == "battery" and f"{TRAITS}EnergyStorage" not in device["traits"]:
            return no_answer(f"Sorry, I don't know the battery of {name}.", f"showcam tells of none that {name} has")
        answer, broken = await self._intend(wire, "QUERY", {"devices": [_named(device)]})
        if broken or "errorCode" in answer["payload"]:
            return self._judge(answer.get("payload", {}), broken, name)
        told = answer["payload"]["devices"][camera["id"]]
        if told["status"] == "SUCCESS":
            return _told(told, name, about)
        outcome = self._judge(told, broken, name)
        outcome.answered = told["status"] == "OFFLINE" and about in ("online", "well")
        return outcome

    def _judge(self, result: dict[str, Any], broken: list[str], name: str, screen: str = "") -> Outcome:
        """A result as the Assistant takes it."""
        if broken:
            return Outcome(spoken=google_spoken.code("", name), broken=broken)
        if result.get("status") == "SUCCESS":
            where = f" on {screen}" if screen else ""
            return Outcome(shown=True, spoken=f"Sure, streaming {name}{where}.")
        code = result["errorCode"]
        return Outcome(spoken=google_spoken.code(code, name), told=code, person=result.get("debugString"))

    async def _intend(
        self, wire: Wire, intent: str, payload: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """(answer, broken rules); a 401 is met by one refresh. Raises NoAnswer, Unlinked."""
        one: dict[str, Any] = {"intent": f"action.devices.{intent}"}
        if payload is not None:
            one["payload"] = payload
        # fields beyond the published schema, as real requests carry them
        one["context"] = {"locale_country": "US", "locale_language": "en"}
        request = {"requestId": str(secrets.randbits(63)), "inputs": [one]}
        for _ in (1, 2):
            token = self.access()
            headers = {"Authorization": f"Bearer {token}", "google-assistant-api-version": "v1"}
            url = f"{self.app_url}/google/fulfillment"
            reply = await wire.send(f"Google: {intent}", url, body=request, headers=headers, timeout_s=INTENT_S)
            if reply.status != 401:
                break
            await self.renew(wire, token)
        else:
            raise NoAnswer("showcam answered 401 to an access token that it has just issued")
        broken = google_rules.check(request, reply.status, reply.text, token, self._devices)
        answer = reply.json()
        return answer if isinstance(answer, dict) else {}, broken


def _told(states: dict[str, Any], name: str, about: str) -> Outcome:
    """What a camera that answers says of itself."""
    report = states.get("currentStatusReport")
    if about == "battery":
        return Outcome(spoken=google_spoken.battery(states, name), answered=True)
    if about == "well" and report:
        codes = [one["statusCode"] for one in report]
        spoken = " ".join(google_spoken.code(one, name) for one in codes)
        return Outcome(spoken=spoken, told=", ".join(codes), person=states.get("debugString"), answered=True)
    word = "online" if states["online"] else "offline"
    return Outcome(spoken=f"{name} is {word}.", answered=about != "motion")


def _named(device: dict[str, Any]) -> dict[str, Any]:
    custom = device.get("customData")
    return {"id": device["id"], "customData": custom} if custom else {"id": device["id"]}
