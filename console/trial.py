"""A sentence tried against one's own cameras: what Alexa and Google would be answered, without an assistant."""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from flask import Response, request
from msgspec import Struct

from accounts.console_sessions import ConsoleSession
from console import pages
from console.area import READ, Area, Rule
from console.sentences import TRIAL
from console.tiles import at_own_media
from registry.camera import Refusal
from registry.errors import Unavailable
from registry.gate.reasons import row_text
from registry.owner.owner import Owner
from registry.surface import Surface
from store.records import Assistant, Link

AT = "/home/try"
LONGEST = 200
_GRANT = re.compile(r"/s/[^/\"]+/")

type Ask = Callable[[Link, bytes], bytes]


class Heard(Struct, frozen=True):
    """What one assistant was answered: `says` for a person, `hls` where a picture plays, and the messages."""

    assistant: str
    says: str
    hls: str
    messages: tuple[tuple[str, str], ...]


class Trial:
    """`alexa` and `google` answer a message of theirs, as if it came with a token of the link."""

    def __init__(self, owner: Owner, area: Area, *, alexa: Ask, google: Ask) -> None:
        self._owner, self._area, self._alexa, self._google = owner, area, alexa, google

    def rules(self) -> list[Rule]:
        return [(AT, "try", self.show, READ), (AT, "try_step", self.take, ("POST",))]

    def show(self, _current: ConsoleSession) -> Response:
        return self._area.page("try", text="", heard=())

    def take(self, current: ConsoleSession) -> Response:
        text = " ".join(request.form.get("text", "").split())[:LONGEST]
        if not text:
            return self._area.page("try", 403, text="", heard=(), error=pages.say(TRIAL["nothing_said"]))
        heard = (self._of_alexa(current, text), self._of_google(current, text))
        return self._area.page("try", text=text, heard=heard)

    def _of_alexa(self, current: ConsoleSession, text: str) -> Heard:
        link, messages = _link(current, "alexa"), list[tuple[str, str]]()

        def ask(namespace: str, name: str, payload: Mapping[str, object], endpoint: str = "") -> Any:
            header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": secrets.token_hex(8)}
            scope = {"type": "BearerToken", "token": "console"}
            directive: dict[str, object] = {"header": header, "payload": payload}
            if endpoint:
                header["correlationToken"] = secrets.token_hex(8)
                directive["endpoint"] = {"endpointId": endpoint, "scope": scope}
            else:
                directive["payload"] = {**payload, "scope": scope}
            return _exchanged(messages, {"directive": directive}, lambda body: self._alexa(link, body))

        listed = ask("Alexa.Discovery", "Discover", {})["event"]["payload"].get("endpoints", [])
        found = named((endpoint["endpointId"], endpoint["friendlyName"]) for endpoint in listed)(text)
        if found is None:
            return Heard("Alexa", pages.say(TRIAL["no_name"]), "", tuple(messages))
        wanted = {
            "protocol": "HLS",
            "resolution": {"width": 1280, "height": 720},
            "authorizationType": "NONE",
            "videoCodec": "H264",
            "audioCodec": "AAC",
        }
        streams = {"cameraStreams": [wanted]}
        event = ask("Alexa.CameraStreamController", "InitializeCameraStreams", streams, found)["event"]
        offered = event["payload"].get("cameraStreams") or [{}]
        return self._heard(current, "Alexa", "alexa", found, str(offered[0].get("uri", "")), messages)

    def _of_google(self, current: ConsoleSession, text: str) -> Heard:
        link, messages = _link(current, "google"), list[tuple[str, str]]()

        def ask(intent: str, payload: Mapping[str, object] | None = None) -> Any:
            given = {"intent": f"action.devices.{intent}"} | ({"payload": payload} if payload else {})
            message = {"requestId": secrets.token_hex(8), "inputs": [given]}
            return _exchanged(messages, message, lambda body: self._google(link, body))

        listed = ask("SYNC").get("payload", {}).get("devices", [])
        found = named((device["id"], device["name"]["name"]) for device in listed)(text)
        if found is None:
            return Heard("Google", pages.say(TRIAL["no_name"]), "", tuple(messages))
        params = {"StreamToChromecast": False, "SupportedStreamProtocols": ["hls"]}
        execution = [{"command": "action.devices.commands.GetCameraStream", "params": params}]
        commands = [{"devices": [{"id": found}], "execution": execution}]
        answered = ask("EXECUTE", {"commands": commands}).get("payload", {}).get("commands") or [{}]
        url = str(answered[0].get("states", {}).get("cameraStreamAccessUrl", ""))
        return self._heard(current, "Google", "google", found, url, messages)

    def _heard(
        self,
        current: ConsoleSession,
        assistant: str,
        surface: Surface,
        camera: str,
        url: str,
        messages: list[tuple[str, str]],
    ) -> Heard:
        says = self._why_not(current.account, surface, camera)
        if not says:
            says = pages.say(TRIAL["shown" if url else "unshown"])
        return Heard(assistant, says, at_own_media(url, self._area.media()) if url else "", tuple(messages))

    def _why_not(self, account: str, surface: Surface, camera_id: str) -> str:
        try:
            rows = self._owner.readiness(account, (surface,))
        except Unavailable:
            return ""
        for camera, verdicts in rows:
            verdict = verdicts[surface]
            if camera.id == camera_id and isinstance(verdict, Refusal):
                return " ".join(row_text(verdict.reason, pages.language(), verdict.camera, verdict.vendor))
        return ""


def named(devices: Iterable[tuple[str, str]]) -> Callable[[str], str | None]:
    """Finds the id of the device whose name is in a sentence: of several the one with the longest."""
    by_length = sorted(devices, key=lambda device: -len(device[1]))

    def find(text: str) -> str | None:
        said = f" {_words(text)} "
        return next((its_id for its_id, name in by_length if _words(name) and f" {_words(name)} " in said), None)

    return find


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _link(current: ConsoleSession, assistant: Assistant) -> Link:
    """Stored nowhere: what is shown by it is shown to the console's session."""
    return Link(current.id, current.account, "console", assistant, "", None, pages.language(), time.time(), "console")


def _exchanged(messages: list[tuple[str, str]], message: Mapping[str, object], ask: Callable[[bytes], bytes]) -> Any:
    body = msgspec.json.encode(message)
    answer = ask(body)
    messages += [(_shown(body), _shown(answer))]
    return msgspec.json.decode(answer)


def _shown(body: bytes) -> str:
    """For a person, without the grant in an address."""
    return _GRANT.sub("/s/…/", msgspec.json.format(body, indent=1).decode())
