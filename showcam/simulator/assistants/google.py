"""Google's side of a smart display: intents and commands out, results in, and the Assistant's spoken answers."""

import contextlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from showcam.i18n import hearing
from showcam.i18n.hearing import Wish, plain
from showcam.simulator.assistants import google_rules, speech
from showcam.simulator.assistants.cloud import Cloud, Unlinked
from showcam.simulator.assistants.google_rules import SCENE
from showcam.simulator.assistants.homegraph import HomeGraph, User
from showcam.simulator.assistants.linking import Client
from showcam.simulator.assistants.person import LinkFailed
from showcam.simulator.assistants.speech import Outcome, no_answer, not_understood, translate, unknown_camera
from showcam.simulator.assistants.wire import ANSWER_S, NoAnswer, Wire

TRAITS = "action.devices.traits."
COMMANDS = "action.devices.commands."


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    params: dict[str, Any]
    trait: str
    query_only: str  # the attribute that allows QUERY only
    can: str  # "turn Garden off"
    does: str  # "turning Garden off"
    may: str  # its name in the owner's preference `voice_may`


def command(wish: Wish, device: dict[str, Any]) -> Command:
    name, on, params = device["name"]["name"], wish.about == "on", dict[str, Any]()
    if wish.what == "restart":
        return Command("Reboot", params, "Reboot", "", f"reboot {name}", f"rebooting {name}", "restart")
    if wish.what == "switch":
        words = f"{name} {wish.about}"
        return Command("OnOff", {"on": on}, "OnOff", "queryOnlyOnOff", f"turn {words}", f"turning {words}", "sleep")
    toggle, words = _toggles(device).get(wish.setting, ""), f"{wish.setting} {wish.about} on {name}"
    if toggle:
        params = {"updateToggleSettings": {toggle: on}}
    may = toggle or wish.setting
    return Command("SetToggles", params, "Toggles", "queryOnlyToggles", f"turn {words}", f"turning {words}", may)


def refused_command(wanted: Command, device: dict[str, Any]) -> Outcome | None:
    """Returns the outcome of a command that Google does not send, since the device does not offer it; else None."""
    offered = f"{TRAITS}{wanted.trait}" in device["traits"] and not device["attributes"].get(wanted.query_only)
    if offered and (wanted.params or wanted.name == "Reboot"):
        return None
    why = (
        f"showcam does not offer to {wanted.can}. Where its owner lets a voice do it (voice_may {wanted.may}), "
        "say “sync my devices” and try again."
    )
    return no_answer(f"Sorry, I can't {wanted.can}.", why)


def settings(devices: Iterable[dict[str, Any]]) -> set[str]:
    """Returns the spoken names of everything that is on or off at these devices."""
    return {name for device in devices for name in _toggles(device)}


def _toggles(device: dict[str, Any]) -> dict[str, str]:
    """Returns each toggle's name by its spoken name."""
    toggles = device.get("attributes", {}).get("availableToggles", [])
    return {
        plain(synonym): toggle["name"]
        for toggle in toggles
        for values in toggle["name_values"]
        for synonym in values["name_synonym"]
    }


REPORTS = "https://homegraph.googleapis.com/v1/devices:reportStateAndNotification"  # the address that the record shows
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

    def __init__(self, http: aiohttp.ClientSession, app_url: str, homegraph: HomeGraph | None = None) -> None:
        super().__init__(http, app_url, Client("google", "google-secret", basic=False, locale="en-US"))
        self._homegraph = homegraph
        self.devices: dict[str, dict[str, Any]] = {}
        self._sure: tuple[dict[str, Any], Command] | None = None  # camera and command that wait for “yes”

    def know(self) -> None:
        """Makes the user known to HomeGraph, with the devices of this SYNC."""
        household = self.state.household
        if self._homegraph is None or household is None:
            return
        if household not in self._homegraph.users:
            reported, deleted = partial(self._reported, household), partial(self._deleted, household)
            self._homegraph.users[household] = User({}, self._synced, reported, deleted)
        self._homegraph.users[household].devices = self.devices

    def facts(self) -> dict[str, Any]:
        user = self._homegraph.users.get(self.state.household or "") if self._homegraph else None
        return {"state": super().facts(), "devices": self.devices, "states": user.states if user else {}}

    def restore(self, kept: dict[str, Any]) -> None:
        super().restore(kept["state"])
        self.devices = kept["devices"]
        self.know()
        if self._homegraph is not None and self.state.household is not None:
            self._homegraph.users[self.state.household].states = kept["states"]

    def forget(self, why: str | None = None) -> None:
        if self._homegraph is not None and self.state.household is not None:
            self._homegraph.users.pop(self.state.household, None)
        super().forget(why)

    def about(self) -> dict[str, Any]:
        user = self._homegraph.users.get(self.state.household or "") if self._homegraph else None
        if user is None:
            return super().about()
        reports = {"count": len(user.reports), "repeated": user.repeated, "syncs": user.syncs}
        return super().about() | {"reports": reports, "states": user.states}

    async def _synced(self) -> None:
        """Fetches the devices again after a Request Sync, whatever comes of it."""
        with contextlib.suppress(LinkFailed, NoAnswer, Unlinked):
            await self.learn(self.wire())
        self.news.add("report")

    def _reported(self, household: str, report: dict[str, Any]) -> None:
        if household != self.state.household:
            return
        self.wire().note("HomeGraph: report", "POST", REPORTS, request=report, status=200, response={}, ms=0)
        rung = report["payload"]["devices"].get("notifications", {})
        for its_id in rung:
            self.news.add("announcement", its_id)
        if not rung:
            self.news.add("report")

    def _deleted(self, household: str) -> None:
        """Forgets the link: showcam has ended it (agentUsers.delete)."""
        if household == self.state.household:
            self.forget("showcam has ended this link. Link again.")
            self.news.add("report")

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
        self.devices = {device["id"]: device for device in payload["devices"]}
        self.state.cameras = [
            {
                "id": device["id"],
                "name": device["name"]["name"],
                "type": device["type"],
                "webrtc": "webrtc" in device["attributes"]["cameraStreamSupportedProtocols"],
                "hls": "hls" in device["attributes"]["cameraStreamSupportedProtocols"],
            }
            for device in payload["devices"]
            if device["type"] != SCENE
        ]
        self.know()

    def _scenes(self) -> list[dict[str, Any]]:
        scenes = (device for device in self.devices.values() if device["type"] == SCENE)
        return [{"id": scene["id"], "name": scene["name"]["name"]} for scene in scenes]

    async def unlink(self, wire: Wire) -> None:
        """Unlinks in the Home app: sends DISCONNECT, and forgets the link whatever the answer."""
        try:
            await self._intend(wire, "DISCONNECT")
        finally:
            self.forget()

    async def say(self, wire: Wire, text: str, via: str = "", pin: str = "") -> dict[str, Any]:
        """Says a sentence. Returns {"outcome"} and the data that the screen needs to continue.

        A command that needs a PIN is answered with {"need": "pin"}; it is said again with `pin`.
        """
        wish = hearing.hear(text, settings(self.devices.values()))
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
                return await self._execute(wire, *sure, {"ack": wish.about == "yes"})
            if wish.what in ("unclear", "reply", "why"):
                return {"outcome": not_understood(text, EXAMPLES)}
            if (scene := hearing.find_scene(wish, self._scenes())) is not None:
                return {"outcome": await self._activate(wire, scene, wish.about)}
            camera = hearing.find(wish, self.state.cameras)
            if camera is None:
                return {"outcome": unknown_camera(wish.camera, self.state.cameras, "sync my devices")}
            if wish.what == "ask":
                return {"outcome": await self._query(wire, camera, wish.about)}
            if wish.what == "battery":
                return {"outcome": await self._query(wire, camera, "battery")}
            if wish.what in ("switch", "set", "restart"):
                wanted = command(wish, self.devices[camera["id"]])
                return await self._execute(wire, camera, wanted, {"pin": pin} if pin else {})
            return await self._show(wire, camera, wish.screen, via)
        except Unlinked:
            return {"outcome": self.lost()}
        except LinkFailed as error:
            return {"outcome": no_answer("Sorry, I couldn't sync your devices.", str(error))}
        except NoAnswer as error:
            return {"outcome": no_answer("Sorry, I couldn't reach showcam.", str(error))}

    async def _show(self, wire: Wire, camera: dict[str, Any], screen: str, via: str) -> dict[str, Any]:
        offered = CHROMECAST if screen else [via] if via else DISPLAY
        device = self.devices[camera["id"]]
        params = {"StreamToChromecast": bool(screen), "SupportedStreamProtocols": offered}
        command = {"devices": [_named(device)], "execution": [{"command": STREAM, "params": params}]}
        answer, broken = await self._intend(wire, "EXECUTE", {"commands": [command]})
        if broken or "errorCode" in answer["payload"]:
            return {"outcome": self._judge(answer.get("payload", {}), broken, camera["name"]), "camera": camera}
        result = answer["payload"]["commands"][0]
        outcome = self._judge(result, broken, camera["name"], screen)
        shown: dict[str, Any] = {"outcome": outcome, "camera": camera, "screen": screen}
        if not outcome.shown:
            return shown
        states = result["states"]
        if states["cameraStreamProtocol"] == "webrtc":
            shown["webrtc"] = {"signalingUrl": states["cameraStreamSignalingUrl"]}
            if token := states.get("cameraStreamAuthToken"):
                shown["webrtc"]["authToken"] = token
            if servers := states.get("cameraStreamIceServers"):
                shown["webrtc"]["iceServers"] = servers
        else:
            shown["hls"] = states["cameraStreamAccessUrl"]
        return shown

    async def _execute(
        self, wire: Wire, camera: dict[str, Any], wanted: Command, challenge: dict[str, Any]
    ) -> dict[str, Any]:
        """`challenge` is the person's answer to showcam's challenge."""
        device, name = self.devices[camera["id"]], camera["name"]
        if (lacking := refused_command(wanted, device)) is not None:
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
        if result["status"] in ("SUCCESS", "PENDING"):
            return {"outcome": Outcome(spoken=f"Okay, {wanted.does}.", answered=True)}
        outcome = self._judge(result, broken, name)
        outcome.answered = outcome.told == "userCancelled"  # cancelling was the wish
        return {"outcome": outcome}

    async def _activate(self, wire: Wire, scene: dict[str, Any], to: str) -> Outcome:
        execution = {"command": f"{COMMANDS}ActivateScene", "params": {"deactivate": to == "off"}}
        command = {"devices": [{"id": scene["id"]}], "execution": [execution]}
        answer, broken = await self._intend(wire, "EXECUTE", {"commands": [command]})
        if broken or "errorCode" in answer["payload"]:
            return self._judge(answer.get("payload", {}), broken, scene["name"])
        result = answer["payload"]["commands"][0]
        if result["status"] in ("SUCCESS", "PENDING"):
            return Outcome(spoken=f"Okay, {'starting' if to == 'on' else 'ending'} {scene['name']}.", answered=True)
        return self._judge(result, broken, scene["name"])

    def _challenged(self, camera: dict[str, Any], wanted: Command, kind: str, result: dict[str, Any]) -> dict[str, Any]:
        spoken, told = speech.challenge(kind, camera["name"]), f"{result['errorCode']}, {kind}"
        outcome = Outcome(spoken=spoken, told=told, person=result.get("debugString"))
        if kind != "ackNeeded":
            return {"outcome": outcome, "need": "pin"}
        self._sure = camera, wanted
        outcome.person = f"{outcome.person or ''} Say “yes” or “no”.".strip()
        return {"outcome": outcome, "need": "yes"}

    async def _query(self, wire: Wire, camera: dict[str, Any], about: str) -> Outcome:
        device, name = self.devices[camera["id"]], camera["name"]
        if about == "battery" and f"{TRAITS}EnergyStorage" not in device["traits"]:
            return no_answer(f"Sorry, I don't know the battery of {name}.", f"showcam reports no battery of {name}")
        answer, broken = await self._intend(wire, "QUERY", {"devices": [_named(device)]})
        if broken or "errorCode" in answer["payload"]:
            return self._judge(answer.get("payload", {}), broken, name)
        states = answer["payload"]["devices"][camera["id"]]
        if states["status"] == "SUCCESS":
            return _report(states, name, about)
        outcome = self._judge(states, broken, name)
        outcome.answered = states["status"] == "OFFLINE" and about in ("online", "well")
        return outcome

    def _judge(self, result: dict[str, Any], broken: list[str], name: str, screen: str = "") -> Outcome:
        """Returns the outcome of one result."""
        if broken:
            return Outcome(spoken=speech.code("", name), broken=broken)
        if result.get("status") == "SUCCESS":
            target = f"{name} on {screen}" if screen else name
            return Outcome(shown=True, spoken=translate("Sure, streaming {name}.", name=target))
        code = result["errorCode"]
        return Outcome(spoken=speech.code(code, name), told=code, person=result.get("debugString"))

    async def _intend(
        self, wire: Wire, intent: str, payload: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """Sends an intent. Returns the answer and the broken rules; after a 401 the token is refreshed once.

        Raises NoAnswer, Unlinked.
        """
        call: dict[str, Any] = {"intent": f"action.devices.{intent}"}
        if payload is not None:
            call["payload"] = payload
        # fields beyond the published schema, as real requests carry them
        call["context"] = {"locale_country": "US", "locale_language": "en"}
        request = {"requestId": str(secrets.randbits(63)), "inputs": [call]}
        for _ in (1, 2):
            token = self.access()
            headers = {"Authorization": f"Bearer {token}", "google-assistant-api-version": "v1"}
            url = f"{self.app_url}/google/fulfillment"
            reply = await wire.send(f"Google: {intent}", url, body=request, headers=headers, timeout_s=ANSWER_S)
            if reply.status != 401:
                break
            await self.renew(wire, token)
        else:
            raise NoAnswer("showcam answered 401 to an access token that it has just issued")
        broken = google_rules.check(request, reply.status, reply.text, token, self.devices)
        answer = reply.json()
        return answer if isinstance(answer, dict) else {}, broken


def _report(states: dict[str, Any], name: str, about: str) -> Outcome:
    """Returns the outcome of a QUERY that succeeded."""
    report = states.get("currentStatusReport")
    if about == "battery":
        return Outcome(spoken=speech.battery(states, name), answered=True)
    if about == "well" and report:
        codes = [entry["statusCode"] for entry in report]
        spoken = " ".join(speech.code(code, name) for code in codes)
        return Outcome(spoken=spoken, told=", ".join(codes), person=states.get("debugString"), answered=True)
    word = "online" if states["online"] else "offline"
    return Outcome(spoken=translate(f"{{name}} is {word}.", name=name), answered=about != "motion")


def _named(device: dict[str, Any]) -> dict[str, Any]:
    custom = device.get("customData")
    return {"id": device["id"], "customData": custom} if custom else {"id": device["id"]}
