"""An Echo Show that is tried: the directives it would send for a sentence, and what Alexa would say then."""

import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from showcam.console.look import pages
from showcam.console.trial.heard import TRIAL, Ask, Exchanges, Heard, Named, Reasons, Tried
from showcam.i18n.catalogue import Language
from showcam.i18n.hearing import Wish, plain

SKILL_ID = "console"
_RTC, _STREAMS, _SCENE = "Alexa.RTCSessionController", "Alexa.CameraStreamController", "SCENE_TRIGGER"
_HLS = {
    "protocol": "HLS",
    "resolution": {"width": 1280, "height": 720},
    "authorizationType": "NONE",
    "videoCodec": "H264",
    "audioCodec": "AAC",
}


class Echo(Tried):
    """`ask_skill` asks the skill's spoken half, which answers the questions that Alexa herself does not."""

    name = "Alexa"

    def __init__(self, exchanges: Exchanges, ask_skill: Ask, reasons: Reasons) -> None:
        super().__init__(exchanges, reasons)
        self._ask_skill = ask_skill

    def say(self, text: str) -> Heard:
        endpoints = self._send("Alexa.Discovery", "Discover", {})["event"]["payload"].get("endpoints", [])
        cameras = [
            (_named(endpoint), endpoint) for endpoint in endpoints if _SCENE not in endpoint["displayCategories"]
        ]
        return self.answered(text, cameras, {name for endpoint in endpoints for name in _toggles(endpoint)})

    def show(self, camera: str, sdp: str) -> tuple[Heard, str]:
        """Asks for the camera's video by an SDP offer, or without an offer by HLS.

        Also returns the answer to the offer.
        """
        if sdp:
            payload = {"sessionId": str(uuid.uuid4()), "offer": {"format": "SDP", "value": sdp}}
            event = self._send(_RTC, "InitiateSessionWithOffer", payload, camera)["event"]
            answer, url = str(event["payload"].get("answer", {}).get("value", "")), ""
        else:
            event = self._send(_STREAMS, "InitializeCameraStreams", {"cameraStreams": [_HLS]}, camera)["event"]
            streams = event["payload"].get("cameraStreams") or [{}]
            answer, url = "", str(streams[0].get("uri", ""))
        says = self._reasons.of("alexa", camera) or pages.say(TRIAL["shown" if answer or url else "unshown"])
        return self._reaction_to(event, says, hls=url), answer

    def of(self, wish: Wish, camera: Named, listed: Any) -> Heard:
        name, its_id = camera["name"], camera["id"]
        match wish.what:
            case "ask":
                return self._report_state(wish.about, camera)
            case "switch":
                power = _offers(listed, "Alexa.PowerController")
                return self._change("Alexa.PowerController", wish, camera, offered=power)
            case "set":
                instance = _toggles(listed).get(wish.setting, "")
                return self._change("Alexa.ToggleController", wish, camera, offered=bool(instance), instance=instance)
            case "battery" | "restart":
                return self.reaction("not_offered", camera=name)
        why = self._reasons.of("alexa", its_id)
        says = why or pages.say(TRIAL["shown"])
        return self.reply(says, offers=its_id)

    def _report_state(self, about: str, camera: Named) -> Heard:
        answer = self._send("Alexa", "ReportState", {}, camera["id"])
        values = {state["name"]: state["value"] for state in answer.get("context", {}).get("properties", [])}
        if about == "motion":
            key = {"DETECTED": "motion", "NOT_DETECTED": "no_motion"}.get(str(values.get("detectionState")), "unknown")
        else:
            said = values.get("connectivity", {}).get("value")
            key = {"OK": "online", "UNREACHABLE": "offline"}.get(str(said), "unknown")
        return self._reaction_to(answer["event"], pages.say(TRIAL[key], camera=camera["name"]))

    def _change(self, namespace: str, wish: Wish, camera: Named, *, offered: bool, instance: str = "") -> Heard:
        if not offered:
            return self.reaction("not_offered", camera=camera["name"])
        name = "TurnOn" if wish.about == "on" else "TurnOff"
        event = self._send(namespace, name, {}, camera["id"], instance)["event"]
        refused = event["header"]["name"] == "ErrorResponse"
        return self._reaction_to(event, pages.say(TRIAL["refused" if refused else "done"], camera=camera["name"]))

    def why(self, camera: Named | None) -> Heard:
        """“Alexa, ask my cameras why …”: returns the skill's own answer, in a language that Alexa speaks."""
        language: Language = "de" if pages.language() == "de" else "en"
        answer = self._exchanges.send(_skill_request(camera, language), self._ask_skill)
        says = str(answer.get("response", {}).get("outputSpeech", {}).get("text", ""))
        if not says:
            return self.reaction("unknown", camera=camera["name"] if camera else "")
        return Heard("Alexa", says, language, messages=self._exchanges.shown)

    def _reaction_to(self, event: Any, says: str, hls: str = "") -> Heard:
        payload = event["payload"]
        is_error = event["header"]["name"] == "ErrorResponse"
        error = ", ".join(filter(None, [payload.get("type"), payload.get("currentDeviceMode")])) if is_error else ""
        return self.reply(says, error, hls=hls)

    def _send(
        self, namespace: str, name: str, payload: Mapping[str, object], camera: str = "", instance: str = ""
    ) -> Any:
        header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": secrets.token_hex(8)}
        scope = {"type": "BearerToken", "token": "console"}
        if not camera:
            return self._exchanges.send({"directive": {"header": header, "payload": {**payload, "scope": scope}}})
        header["correlationToken"] = secrets.token_hex(8)
        header |= {"instance": instance} if instance else {}
        endpoint = {"endpointId": camera, "scope": scope}
        return self._exchanges.send({"directive": {"header": header, "endpoint": endpoint, "payload": payload}})


def _named(endpoint: Any) -> Named:
    return {"id": str(endpoint["endpointId"]), "name": str(endpoint["friendlyName"])}


def _offers(endpoint: Any, interface: str) -> bool:
    return any(capability["interface"] == interface for capability in endpoint["capabilities"])


def _toggles(endpoint: Any) -> dict[str, str]:
    """Returns the instance of each switch that a voice may turn, by every name that a person may say."""
    offered = [
        capability
        for capability in endpoint["capabilities"]
        if capability["interface"] == "Alexa.ToggleController" and not capability["properties"].get("nonControllable")
    ]
    return {
        plain(str(name["value"].get("text", ""))): str(toggle["instance"])
        for toggle in offered
        for name in toggle["capabilityResources"]["friendlyNames"]
    }


def _skill_request(camera: Named | None, language: Language) -> dict[str, object]:
    slots = {"camera": {"name": "camera", "value": camera["name"].lower()}} if camera else {}
    application, user = {"applicationId": SKILL_ID}, {"userId": "console", "accessToken": "console"}
    return {
        "version": "1.0",
        "session": {"new": True, "sessionId": "console", "application": application, "attributes": {}, "user": user},
        "context": {"System": {"application": application, "user": user}},
        "request": {
            "type": "IntentRequest",
            "requestId": secrets.token_hex(8),
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "locale": "de-DE" if language == "de" else "en-US",
            "intent": {"name": "WhyIntent" if camera else "ReadyCamerasIntent", "slots": slots},
        },
    }
