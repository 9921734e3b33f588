"""A Google display that is tried: the intents it would send for a sentence, and what the Assistant would say then."""

import secrets
from collections.abc import Mapping
from typing import Any

from showcam.console.look import pages
from showcam.console.trial.heard import TRIAL, Heard, Named, Tried
from showcam.i18n.hearing import Wish, plain

_COMMANDS, _TRAITS, _SCENE = "action.devices.commands.", "action.devices.traits.", "action.devices.types.SCENE"
_CHALLENGES = {"pinNeeded": "asks_pin", "challengeFailedPinNeeded": "asks_pin", "ackNeeded": "asks_yes"}


class GoogleDisplay(Tried):
    name = "Google"

    def say(self, text: str) -> Heard:
        devices = self._send("SYNC").get("devices", [])
        cameras = [(_named(device), device) for device in devices if device["type"] != _SCENE]
        return self.answered(text, cameras, {name for device in devices for name in _toggles(device)})

    def of(self, wish: Wish, camera: Named, listed: Any) -> Heard:
        match wish.what:
            case "ask" | "battery":
                return self._query("battery" if wish.what == "battery" else wish.about, camera)
            case "switch":
                return self._change("OnOff", {"on": wish.about == "on"}, camera, listed)
            case "restart":
                return self._change("Reboot", {}, camera, listed)
            case "set":
                toggle = _toggles(listed).get(wish.setting, "")
                return self._change(
                    "SetToggles", {"updateToggleSettings": {toggle: wish.about == "on"}}, camera, listed
                )
        params = {"StreamToChromecast": bool(wish.screen), "SupportedStreamProtocols": ["hls"]}
        result = self._execute("GetCameraStream", params, camera)
        url = str(result.get("states", {}).get("cameraStreamAccessUrl", ""))
        says = self._reasons.of("google", camera["id"]) or pages.say(TRIAL["shown" if url else "unshown"])
        return self.reply(says, _error(result), hls=url)

    def _query(self, about: str, camera: Named) -> Heard:
        answer = self._send("QUERY", {"devices": [{"id": camera["id"]}]}).get("devices", {}).get(camera["id"], {})
        reported = {report["statusCode"] for report in answer.get("currentStatusReport", [])}
        gaps: dict[str, object] = {"camera": camera["name"]}
        match about:
            case "battery":
                held = [
                    capacity["rawValue"]
                    for capacity in answer.get("capacityRemaining", [])
                    if capacity["unit"] == "PERCENTAGE"
                ]
                key, gaps["percent"] = ("battery", held[0]) if held else ("unknown", "")
            case "motion":
                key = "motion" if "motionDetected" in reported else "unknown"
            case "well":
                return self.reply(self._reasons.why("google", camera), _error(answer))
            case _:
                key = "online" if answer.get("online") else "offline"
        return self.reply(pages.say(TRIAL[key], **gaps), _error(answer))

    def _change(self, command: str, params: Mapping[str, object], camera: Named, device: Any) -> Heard:
        trait = {"SetToggles": "Toggles"}.get(command, command)
        reads_only = device["attributes"].get(f"queryOnly{trait}", False)
        if f"{_TRAITS}{trait}" not in device["traits"] or reads_only:
            return self.reaction("not_offered", camera=camera["name"])
        result = self._execute(command, params, camera)
        challenge = result.get("challengeNeeded", {}).get("type", "")
        if challenge:
            return self.reply(pages.say(TRIAL[_CHALLENGES[challenge]]), _error(result))
        done = result.get("status") in ("SUCCESS", "PENDING")
        return self.reply(pages.say(TRIAL["done" if done else "refused"], camera=camera["name"]), _error(result))

    def why(self, camera: Named | None) -> Heard:
        """Google has no words for a reason: it answers whether a camera is ok.

        For all other questions the page answers.
        """
        if camera is not None:
            return self._query("well", camera)
        return self.reply(self._reasons.why("google", None))

    def _execute(self, command: str, params: Mapping[str, object], camera: Named) -> Any:
        execution = [{"command": f"{_COMMANDS}{command}", "params": params}]
        commands = [{"devices": [{"id": camera["id"]}], "execution": execution}]
        return (self._send("EXECUTE", {"commands": commands}).get("commands") or [{}])[0]

    def _send(self, intent: str, payload: Mapping[str, object] | None = None) -> Any:
        given = {"intent": f"action.devices.{intent}"} | ({"payload": payload} if payload else {})
        return self._exchanges.send({"requestId": secrets.token_hex(8), "inputs": [given]}).get("payload", {})


def _error(result: Any) -> str:
    return str(result.get("errorCode", ""))


def _named(device: Any) -> Named:
    return {"id": str(device["id"]), "name": str(device["name"]["name"])}


def _toggles(device: Any) -> dict[str, str]:
    """Returns the switches, by each name that a person may say."""
    return {
        plain(str(synonym)): str(toggle["name"])
        for toggle in device.get("attributes", {}).get("availableToggles", [])
        for values in toggle["name_values"]
        for synonym in values["name_synonym"]
    }
