"""The practice page as it is served: everything it names is there, and nothing in it needs a looser policy."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from simulator.assistants.screen import WebRtcScreen


def test_the_page_names_nothing_that_is_not_served_and_keeps_its_policy(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(b.url) as response:
            page = await response.text()
            policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)
        named = set(re.findall(r'(?:src|href)="(/[^"]+)"', page))
        seen: set[str] = set()
        while named - seen:
            path = (named - seen).pop()
            seen.add(path)
            async with b.http.get(b.url + path) as response:
                assert response.status == 200, path
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                kind, text = response.headers["Content-Type"], await response.text()
            assert kind == ("text/css" if path.endswith(".css") else "text/javascript")
            if "/vendor/" not in path:
                named |= set(re.findall(r"(?:from |import\()\"(/[^\"]+)\"", text))
        assert "/page/vendor/hls.light.min.mjs" in seen

    bench(steps)


@pytest.mark.parametrize("path", ["index.html", "../app.py", "..%2f..%2fapp.py", "vendor/hls.js.LICENSE", "nothing.js"])
def test_only_scripts_and_styles_of_the_page_are_served(bench: Callable[..., None], path: str) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(f"{b.url}/page/{path}") as response:
            assert response.status == 404

    bench(steps)


def test_the_page_knows_at_once_what_is_linked(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(b.url) as response:
            assert 'data-linked=""' in await response.text()
        await b.link("google")
        async with b.http.get(b.url) as response:
            assert 'data-linked="google"' in await response.text()

    bench(steps)


def test_messages_of_the_page_itself_are_kept_masked(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        entry = {
            "title": "Player: offer",
            "url": "http://127.0.0.1:1/google/webrtc/GRANT-SECRET",
            "headers": {"Authorization": "Bearer GRANT-SECRET"},
            "request": {"action": "offer", "sdp": "a=ice-pwd:GRANT-SECRET"},
            "status": 200,
            "ms": 7,
            "response": {"action": "answer"},
        }
        kept = await b.post("/assistants/google/trace", entry)
        assert (kept["status"], kept["ms"], kept["response"]) == (200, 7, {"action": "answer"})
        listed = (await b.get("/assistants/google/trace"))["entries"]
        assert listed == [kept]
        assert "GRANT-SECRET" not in str(listed)
        assert (await b.get(f"/assistants/google/trace?after={kept['id']}"))["entries"] == []

    bench(steps)


async def offered(b: Any, session: str) -> None:
    screen = WebRtcScreen()
    try:
        told = await b.post("/assistants/alexa/offer", {"session": session, "sdp": await screen.offer()})
        assert told["answer"].startswith("v=0")
    finally:
        await screen.close()


def test_a_live_view_is_reported_connected_and_ended_once(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        await b.link("alexa")
        told = await b.post("/assistants/alexa/say", {"text": "show the garden camera"})
        assert (told["need"], told["camera"]["name"]) == ("offer", "Garden")
        assert told["outcome"]["pending"]
        session = told["session"]
        await offered(b, session)
        connected = await b.post("/assistants/alexa/session", {"session": session, "event": "connected"})
        closed = await b.post("/assistants/alexa/session", {"session": session, "event": "closed"})
        again = await b.post("/assistants/alexa/session", {"session": session, "event": "closed"})
        titles = [[one["title"] for one in each["trace"]] for each in (connected, closed, again)]
        assert titles == [["Alexa: SessionConnected"], ["Alexa: SessionDisconnected"], []]
        assert connected["broken"] == closed["broken"] == []

    bench(steps)


def test_a_new_wish_ends_the_live_view_before(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        await b.link("alexa")
        told = await b.post("/assistants/alexa/say", {"text": "show garden"})
        await offered(b, told["session"])
        for ended in (["Alexa: SessionDisconnected"], []):
            told = await b.post("/assistants/alexa/say", {"text": "hide"})
            assert told["hide"]
            assert [one["title"] for one in told["trace"]] == ended

    bench(steps)
