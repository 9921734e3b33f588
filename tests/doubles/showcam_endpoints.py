"""showcam's endpoints for assistants, in small and with faults that a screen must cope with."""

import asyncio
import math
import secrets
from array import array
from fractions import Fraction
from typing import Any

import av
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from yarl import URL

HLS_S = 1

SIGN_IN = """<!doctype html><h1>Sign in</h1>{alert}<form method="post" action="/oauth/authorize?{query}">
<input type="hidden" name="csrf_token" value="c"><input name="user" autocomplete="username">
<input name="password" type="password"><button name="step" value="sign-in">Sign in</button></form>
<form method="post" action="/oauth/cancel"><button name="step" value="cancel">Cancel</button></form>"""
CODE = """<h1>Code</h1>{alert}<form method="post" action="/oauth/authorize?{query}">
<input name="otp" autocomplete="one-time-code"><button>Go on</button></form>"""
CONSENT = """<h1>Link</h1><form method="post" action="/oauth/authorize?{query}">
<input type="text" name="label" value=""><input type="checkbox" name="camera" value="one" checked>
<input type="checkbox" name="camera" value="two" checked>
<button name="step" value="cancel">Cancel</button><button name="step" value="allow">Agree and link</button></form>"""


class Picture(MediaStreamTrack):
    """A moving grey at 15 frames a second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / 15)
        frame = av.VideoFrame(320, 240, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._at * 5 % 256]) * plane.buffer_size)
        frame.pts, frame.time_base = self._at * 6000, Fraction(1, 90000)
        self._at += 1
        return frame


class Tone(MediaStreamTrack):
    """440 Hz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(0.02)
        samples = array("h", (int(9000 * math.sin(2 * math.pi * 440 * (self._at + n) / 48000)) for n in range(960)))
        frame = av.AudioFrame("s16", "mono", 960)
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = 48000, self._at, Fraction(1, 48000)
        self._at += 960
        return frame


class Endpoints:
    """`fault` names what goes wrong; `refuse` is the answer to every request for a stream."""

    def __init__(self) -> None:
        self.fault = ""
        self.refuse: dict[str, Any] | None = None
        self.pin = ""  # the Google camera has a switch, and this PIN turns it off
        self.battery = 0  # percent; not 0: it has one, and a voice may set its audio and reboot it
        self.url = ""
        self.protocol = "webrtc"
        self.hls_folder: Any = None
        self.access: set[str] = set()
        self.refresh: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self.bodies: list[Any] = []  # of the requests, decoded, in order
        self.authorizations: list[dict[str, str]] = []
        self._pcs: list[RTCPeerConnection] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/oauth/authorize", self.authorize)
        app.router.add_post("/oauth/token", self.token)
        app.router.add_post("/alexa/smart-home", self.alexa)
        app.router.add_post("/google/fulfillment", self.google)
        app.router.add_route("*", "/google/webrtc/{grant}", self.signalling)
        app.router.add_get("/s/{grant}/{file}", self.hls)
        app.on_shutdown.append(self.close)
        return app

    async def close(self, _app: web.Application) -> None:
        for pc in self._pcs:
            await pc.close()

    async def authorize(self, request: web.Request) -> web.Response:
        query = request.query_string
        if request.method == "GET":
            self.authorizations.append(dict(request.query))
            return _html(SIGN_IN.format(query=query, alert=""))
        form = await request.post()
        if "password" in form:
            if form["password"] != "showcam-demo":
                return _html(SIGN_IN.format(query=query, alert='<p role="alert">The password is wrong.</p>'))
            mfa = str(form["user"]).startswith("mfa")
            return _html((CODE if mfa else CONSENT).format(query=query, alert=""))
        if "otp" in form:
            if form["otp"] != "012345":
                return _html(CODE.format(query=query, alert='<p role="alert">The code is wrong.</p>'))
            return _html(CONSENT.format(query=query))
        self.bodies.append({key: form.getall(key) for key in form})
        code = secrets.token_urlsafe(8)
        self.codes[code] = dict(request.query)
        issuer = "http://evil.example" if self.fault == "issuer" else self.url
        back = {"code": code, "state": request.query["state"], "iss": issuer}
        raise web.HTTPFound(URL(request.query["redirect_uri"]).with_query(back))

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.bodies.append(dict(form) | {"authorization": request.headers.get("Authorization", "")})
        if form["grant_type"] == "refresh_token" and form["refresh_token"] not in self.refresh:
            return web.json_response({"error": "invalid_grant"}, status=400)
        if form["grant_type"] == "authorization_code" and form["code"] not in self.codes:
            return web.json_response({"error": "invalid_grant"}, status=400)
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.access.add(access)
        self.refresh.add(refresh)
        life = 60 if self.fault == "short life" else 3600
        tokens = {"token_type": "Bearer", "access_token": access, "refresh_token": refresh, "expires_in": life}
        return web.json_response(tokens, headers={"Cache-Control": "no-store"})

    async def alexa(self, request: web.Request) -> web.Response:
        directive = (await request.json())["directive"]
        self.bodies.append(directive)
        header, name = directive["header"], directive["header"]["name"]
        scope = directive.get("endpoint", directive["payload"]).get("scope", directive["payload"].get("scope"))
        if scope["token"] not in self.access:
            dead = "INVALID" if self.fault == "unknown token" else "EXPIRED"
            return self._event(
                directive, "Alexa", "ErrorResponse", {"type": f"{dead}_AUTHORIZATION_CREDENTIAL", "message": "x"}
            )
        if name == "Discover":
            return self._event(directive, "Alexa.Discovery", "Discover.Response", {"endpoints": [self._endpoint()]})
        if name == "ReportState":
            return self._event(directive, "Alexa", "StateReport", {})
        if name in ("SessionConnected", "SessionDisconnected"):
            payload = {"sessionId": directive["payload"]["sessionId"]}
            return self._event(directive, header["namespace"], name, payload)
        if self.refuse is not None:
            return self._event(directive, "Alexa", "ErrorResponse", self.refuse)
        if name == "InitiateSessionWithOffer":
            sdp = await self._answer(directive["payload"]["offer"]["value"])
            payload = {"answer": {"format": "SDP", "value": sdp}}
            return self._event(directive, header["namespace"], "AnswerGeneratedForSession", payload)
        wanted = directive["payload"]["cameraStreams"][0]
        stream = {
            key: wanted[key] for key in ("protocol", "resolution", "authorizationType", "videoCodec", "audioCodec")
        }
        uri = f"{self.url}/s/GRANT-SECRET/master.m3u8"
        payload = {"cameraStreams": [{"uri": uri, **stream}], "imageUri": f"{self.url}/s/GRANT-SECRET/snapshot.jpg"}
        return self._event(directive, header["namespace"], "Response", payload)

    def _event(self, directive: dict[str, Any], namespace: str, name: str, payload: dict[str, Any]) -> web.Response:
        header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": secrets.token_hex(8)}
        event: dict[str, Any] = {"header": header, "payload": payload}
        if "correlationToken" in directive["header"] and self.fault != "correlation":
            header["correlationToken"] = directive["header"]["correlationToken"]
        if "endpoint" in directive:
            event["endpoint"] = {"endpointId": directive["endpoint"]["endpointId"]}
        return web.json_response({"event": event})

    def _endpoint(self) -> dict[str, Any]:
        rtc = {"interface": "Alexa.RTCSessionController", "configuration": {"isFullDuplexAudioSupported": False}}
        lists = {"protocols": ["HLS"], "authorizationTypes": ["NONE"], "videoCodecs": ["H264"], "audioCodecs": ["AAC"]}
        stream = {
            "interface": "Alexa.CameraStreamController",
            "cameraStreamConfigurations": [{**lists, "resolutions": [{"width": 1280, "height": 720}]}],
        }
        return {
            "endpointId": "ezviz-one", "manufacturerName": "EZVIZ", "friendlyName": "Garden", "description": "A camera",
            "displayCategories": ["CAMERA"],
            "capabilities": [
                {"type": "AlexaInterface", "version": "3", **interface}
                for interface in ({"interface": "Alexa"}, rtc, stream)
            ],
        }  # fmt: skip

    async def google(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.access:
            return web.Response(status=401)
        intent, payload = body["inputs"][0]["intent"], body["inputs"][0].get("payload", {})
        if intent.endswith("DISCONNECT"):
            return web.json_response({})
        if intent.endswith("SYNC"):
            answer: dict[str, Any] = {"agentUserId": "household-1", "devices": [self._device()]}
        elif intent.endswith("QUERY"):
            answer = {"devices": {"ezviz-one": {"status": "SUCCESS", "online": True} | self._charge()}}
        else:
            answer = {"commands": [{"ids": ["ezviz-one"], **self._stream(payload)}]}
        request_id = "1" if self.fault == "request id" else body["requestId"]
        return web.json_response({"requestId": request_id, "payload": answer})

    def _device(self) -> dict[str, Any]:
        attributes = {"cameraStreamSupportedProtocols": ["webrtc", "hls"], "cameraStreamNeedAuthToken": False}
        traits = ["CameraStream", *(["OnOff"] if self.pin else [])]
        if self.battery:
            traits += ["Toggles", "EnergyStorage", "Reboot"]
            names = [{"name_synonym": ["audio", "sound"], "lang": "en"}]
            attributes |= {"availableToggles": [{"name": "audio", "name_values": names}]}
            attributes |= {"queryOnlyToggles": False, "queryOnlyEnergyStorage": True}
        return {
            "id": "ezviz-one", "type": "action.devices.types.CAMERA",
            "traits": [f"action.devices.traits.{trait}" for trait in traits],
            "name": {"name": "Garden"}, "willReportState": False, "attributes": attributes,
        }  # fmt: skip

    def _stream(self, payload: dict[str, Any]) -> dict[str, Any]:
        if self.refuse is not None:
            return self.refuse
        execution = payload["commands"][0]["execution"][0]
        if execution["command"].endswith("OnOff"):
            return self._switch(execution)
        if execution["command"].endswith(("SetToggles", "Reboot")):
            return self._confirm(execution)
        offered = execution["params"]["SupportedStreamProtocols"]
        if "webrtc" in offered:
            url = f"{self.url}/google/webrtc/GRANT-SECRET"
            states = {
                "cameraStreamProtocol": "webrtc",
                "cameraStreamSignalingUrl": url,
                "cameraStreamAuthToken": "GRANT-SECRET",
            }
        else:
            states = {"cameraStreamProtocol": "hls", "cameraStreamAccessUrl": f"{self.url}/s/GRANT-SECRET/master.m3u8"}
        return {"status": "SUCCESS", "states": {"online": True, **states}}

    def _switch(self, execution: dict[str, Any]) -> dict[str, Any]:
        given = execution.get("challenge", {}).get("pin")
        if execution["params"]["on"] or given == self.pin:
            return {"status": "SUCCESS", "states": {"online": True, **execution["params"]}}
        kind = "pinNeeded" if given is None else "challengeFailedPinNeeded"
        return {"status": "ERROR", "errorCode": "challengeNeeded", "challengeNeeded": {"type": kind}}

    def _confirm(self, execution: dict[str, Any]) -> dict[str, Any]:
        match execution.get("challenge", {}).get("ack"):
            case None:
                needed = {"errorCode": "challengeNeeded", "challengeNeeded": {"type": "ackNeeded"}}
                return {"status": "ERROR", **needed, "debugString": "It is confirmed first."}
            case False:
                return {"status": "ERROR", "errorCode": "userCancelled"}
        toggled = execution["params"].get("updateToggleSettings")
        return {
            "status": "SUCCESS",
            "states": {"online": True} | ({"currentToggleSettings": toggled} if toggled else {}),
        }

    def _charge(self) -> dict[str, Any]:
        if not self.battery:
            return {}
        percent = {"unit": "PERCENTAGE", "rawValue": self.battery}
        return {"descriptiveCapacityRemaining": "MEDIUM", "capacityRemaining": [percent]}

    async def signalling(self, request: web.Request) -> web.Response:
        cors = {
            "Access-Control-Allow-Origin": request.headers.get("Origin", ""),
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Allow-Methods": "POST, OPTIONS",
        }
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=cors)
        body = await request.json()
        self.bodies.append(body)
        if body["action"] == "end":
            return web.json_response({}, headers=cors)
        sdp = await self._answer(body["sdp"])
        return web.json_response({"action": "answer", "sdp": sdp}, headers={} if self.fault == "cors" else cors)

    async def _answer(self, offer: str) -> str:
        """An answer with H.264; an Echo's line without parameters gets the usual ones."""
        lines = []
        for line in offer.splitlines():
            lines.append(line)
            if line.startswith("a=rtpmap:") and " H264/" in line and f"a=fmtp:{line[9:].split()[0]} " not in offer:
                usual = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
                lines.append(f"a=fmtp:{line[9:].split()[0]} {usual}")
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._pcs.append(pc)
        await pc.setRemoteDescription(RTCSessionDescription("\r\n".join(lines) + "\r\n", "offer"))
        if self.fault != "silent wire":
            for track in (Tone(), Picture()):
                pc.addTrack(track)
        for transceiver in pc.getTransceivers():
            transceiver.direction = "sendonly"
        await pc.setLocalDescription(await pc.createAnswer())
        return str(pc.localDescription.sdp)

    async def hls(self, request: web.Request) -> web.StreamResponse:
        kinds = {"jpg": "image/jpeg", "m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t"}
        name = request.match_info["file"]
        cors = {"Access-Control-Allow-Origin": "*", "Content-Type": kinds[name.rpartition(".")[2]]}
        if name == "snapshot.jpg":
            return web.Response(status=404, headers=cors)
        if name == "master.m3u8":
            stream = '#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=320x240,CODECS="avc1.42c01e,mp4a.40.2"'
            return web.Response(text=f"#EXTM3U\n{stream}\nindex.m3u8\n", headers=cors)
        return web.FileResponse(self.hls_folder / name, headers=cors)


def write_hls(folder: Any, seconds: int = 6) -> None:
    """A finished playlist of a tone and a moving grey."""
    with av.open(
        str(folder / "index.m3u8"), "w", format="hls", options={"hls_time": str(HLS_S), "hls_list_size": "0"}
    ) as out:
        video = out.add_stream("libx264", rate=15, options={"preset": "ultrafast", "tune": "zerolatency", "g": "15"})
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        audio = out.add_stream("aac", rate=48000, layout="mono")
        for at in range(seconds * 15):
            frame = av.VideoFrame(320, 240, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([at * 3 % 256]) * plane.buffer_size)
            frame.pts = at
            out.mux(video.encode(frame))
        for at in range(seconds * 48000 // 1024):
            values = array("f", (0.3 * math.sin(2 * math.pi * 440 * (at * 1024 + n) / 48000) for n in range(1024)))
            sound = av.AudioFrame("fltp", "mono", 1024)
            sound.planes[0].update(values.tobytes())
            sound.sample_rate, sound.pts = 48000, at * 1024
            out.mux(audio.encode(sound))
        out.mux([*video.encode(None), *audio.encode(None)])


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")
