"""The assistants' door of the simulator: saying, watching, the practice page, and a file that survives a restart.

A link from the file may be unknown to showcam by now: the first message after the restart finds out, as in life.
"""

import asyncio
import contextlib
import html
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from showcam.simulator.assistants.alexa import Alexa
from showcam.simulator.assistants.amazon import Amazon
from showcam.simulator.assistants.google import Google
from showcam.simulator.assistants.homegraph import HomeGraph
from showcam.simulator.assistants.linking_page import (
    HEADERS,
    Handler,
    LinkingDoor,
    body_of,
    chosen,
    guarded,
    origin,
    problem,
    via,
)
from showcam.simulator.assistants.speech import LANGUAGE
from showcam.simulator.assistants.wire import Wire
from showcam.simulator.camera import TICK_S

type Facts = dict[str, Any]


class Keeping:
    """Keeps facts in a file. `read` returns the facts as JSON."""

    def __init__(self, file: Path, read: Callable[[], Facts]) -> None:
        self._file, self._read = file, read
        self._last = ""

    def load(self) -> Facts:
        """Returns the facts of an earlier demo; {} if there are no usable facts."""
        try:
            facts = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    async def run(self) -> None:
        """Writes the facts at intervals until it is cancelled, then a last time."""
        try:
            while True:
                self.write()
                await asyncio.sleep(TICK_S)
        finally:
            self.write()

    def write(self) -> None:
        text = json.dumps(self._read())
        if text == self._last:
            return
        new = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):  # the folder was removed: nothing is kept then
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)
            new.replace(self._file)
            self._last = text


PAGE = (Path(__file__).parent / "page").resolve()
_FILES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css"}
MOST_SECONDS = 8.0


def add_routes(
    app: web.Application, app_url: str, data: Path, amazon: Amazon | None = None, homegraph: HomeGraph | None = None
) -> None:
    """Adds the practice page at /, /callback and /assistants/… for the showcam at `app_url`.

    Without `amazon`, Alexa takes no events and has no spoken half; without `homegraph`, Google takes no reports.
    """
    door = Door(app_url.rstrip("/"), data, amazon, homegraph)
    app.cleanup_ctx.append(door.run)
    for method, path, handler in (*door.routes(), *LinkingDoor(door.clouds).routes()):
        app.router.add_route(method, path, guarded(handler))


class Door:
    def __init__(self, app_url: str, data: Path, amazon: Amazon | None, homegraph: HomeGraph | None) -> None:
        self._app_url, self._amazon, self._homegraph = app_url, amazon, homegraph
        self._keeping = Keeping(data / "assistants.json", self._facts)
        self.clouds: dict[str, Alexa | Google] = {}  # by their names in paths; none until the door runs

    async def run(self, _app: web.Application) -> Any:
        # assistants' clouds keep no cookies
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            alexa = Alexa(http, self._app_url, self._amazon)
            self.clouds |= {"alexa": alexa, "google": Google(http, self._app_url, self._homegraph)}
            kept = self._keeping.load()
            for name, cloud in self.clouds.items():
                with contextlib.suppress(KeyError, TypeError, ValueError):  # no file, or a file of another version
                    cloud.restore(kept[name])
            keeping = asyncio.create_task(self._keeping.run())
            yield
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    def _facts(self) -> dict[str, Any]:
        return {name: cloud.facts() for name, cloud in self.clouds.items()}

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/", self.page),
            ("GET", "/page/{file:.+}", self.file),
            ("GET", "/assistants/{a}", self.about),
            ("POST", "/assistants/{a}/say", self.say),
            ("GET", "/assistants/{a}/news", self.news),
            ("POST", "/assistants/alexa/open", self.open),
            ("POST", "/assistants/alexa/offer", self.offer),
            ("POST", "/assistants/alexa/session", self.session),
            ("POST", "/assistants/alexa/ring", self.ring),
            ("POST", "/assistants/{a}/watch", self.watch),
            ("GET", "/assistants/{a}/trace", self.trace),
            ("POST", "/assistants/{a}/trace", self.add_trace),
        ]

    async def page(self, _request: web.Request) -> web.StreamResponse:
        linked = " ".join(name for name, cloud in self.clouds.items() if cloud.state.tokens is not None)
        text = (PAGE / "index.html").read_text(encoding="utf-8")
        text = text.replace("{linked}", linked).replace("{showcam}", html.escape(self._app_url))
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def file(self, request: web.Request) -> web.StreamResponse:
        kind = _FILES.get(Path(request.match_info["file"]).suffix)
        file = (PAGE / request.match_info["file"]).resolve()
        if kind is None or not file.is_relative_to(PAGE) or not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file, headers=HEADERS | {"Content-Type": kind})

    async def about(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(chosen(self.clouds, request).about())

    async def say(self, request: web.Request) -> web.StreamResponse:
        cloud, body = chosen(self.clouds, request), await body_of(request, "text")
        wire, text, protocol = cloud.wire(), body["text"][:500], via(body)
        LANGUAGE.set(_spoken_by(cloud, body))
        if isinstance(cloud, Google):
            return _answer(wire, await cloud.say(wire, text, protocol, str(body.get("pin") or "")[:16]))
        return _answer(wire, await cloud.say(wire, text, protocol))

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Opens a doorbell's view, as an Echo does automatically when somebody rings."""
        cloud, body = self._alexa(), await body_of(request, "camera")
        if not any(camera["id"] == body["camera"] for camera in cloud.state.cameras):
            raise problem(404, "No such camera", "Alexa knows no camera with this id.")
        wire = cloud.wire()
        return _answer(wire, await cloud.open(wire, body["camera"], via(body)))

    async def news(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one for each report, ring and announcement from now on, or after ?after=."""
        cloud, after = chosen(self.clouds, request), request.query.get("after", "")
        stream = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        with contextlib.suppress(ConnectionResetError):  # the page was left
            await stream.write(b": open\n\n")
            async for item in cloud.news.after(_number(after)):
                data = json.dumps({"number": item.number, "kind": item.kind, "camera": item.camera})
                await stream.write(f"data: {data}\n\n".encode())
        return stream

    async def offer(self, request: web.Request) -> web.StreamResponse:
        cloud, body = self._alexa(), await body_of(request, "session", "sdp")
        wire = cloud.wire()
        LANGUAGE.set(_spoken_by(cloud, body))
        if body["session"] not in cloud.sessions:
            raise problem(404, "No such session", "Say it again: this live view was ended.")
        return _answer(wire, await cloud.offer(wire, body["session"], body["sdp"]))

    async def session(self, request: web.Request) -> web.StreamResponse:
        """Takes the page's report that a live view has connected or was closed."""
        cloud, body = self._alexa(), await body_of(request, "session", "event")
        wire = cloud.wire()
        broken: list[str] = []
        if body["event"] == "connected" and body["session"] in cloud.sessions:
            broken = await cloud.connected(wire, body["session"])
        elif body["event"] == "closed":
            broken = await cloud.hide(wire)
        return web.json_response({"broken": broken, "trace": wire.trace})

    async def watch(self, request: web.Request) -> web.StreamResponse:
        from showcam.simulator.assistants.screen import watch  # with aiortc, which a page's own screen does without

        cloud, body = chosen(self.clouds, request), await body_of(request, "text")
        seconds = _seconds(body, "seconds", 3, MOST_SECONDS)
        return web.json_response(await watch(cloud, body["text"][:500], via(body), seconds, origin(request)))

    async def ring(self, request: web.Request) -> web.StreamResponse:
        """Waits until somebody rings, from now on or after ?after=, and plays the view that an Echo opens then."""
        from showcam.simulator.assistants.screen import watch_ring

        body, after = await body_of(request), _number(request.query.get("after", ""))
        within_s, seconds = _seconds(body, "within", 10, 30.0), _seconds(body, "seconds", 1, MOST_SECONDS)
        return web.json_response(await watch_ring(self._alexa(), within_s, seconds, origin(request), after))

    async def trace(self, request: web.Request) -> web.StreamResponse:
        after = request.query.get("after", "0")
        return web.json_response({"entries": chosen(self.clouds, request).record.after(_number(after) or 0)})

    async def add_trace(self, request: web.Request) -> web.StreamResponse:
        """Records a message that the page has sent, masked like all others."""
        cloud, body = chosen(self.clouds, request), await body_of(request, "title", "url")
        status, ms = (body[key] if isinstance(body.get(key), int) else 0 for key in ("status", "ms"))
        headers = body["headers"] if isinstance(body.get("headers"), dict) else None
        entry = cloud.wire().note(
            body["title"],
            str(body.get("method", "POST")),
            body["url"],
            request=body.get("request"),
            status=status,
            response=body.get("response"),
            ms=ms,
            headers=headers,
        )
        return web.json_response(entry)

    def _alexa(self) -> Alexa:
        cloud = self.clouds["alexa"]
        assert isinstance(cloud, Alexa)
        return cloud


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _seconds(body: dict[str, Any], name: str, usual: float, most: float) -> float:
    try:
        seconds = float(body.get(name, usual))
    except (TypeError, ValueError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise problem(400, "Bad request", f"“{name}” is a number.")
    return min(max(seconds, 0.0), most)


def _spoken_by(cloud: Alexa | Google, body: dict[str, Any]) -> str:
    """Returns the language of the answer: the person's language if the assistant speaks it, else English."""
    spoken = ("de", "nb") if isinstance(cloud, Google) else ("de",)
    return body["language"] if body.get("language") in spoken else "en"


def _answer(wire: Wire, result: dict[str, Any]) -> web.Response:
    outcome = result["outcome"].as_json() | {"language": LANGUAGE.get()}
    return web.json_response(result | {"outcome": outcome, "trace": wire.trace})
