"""The practice page: all its files are served, and its content security policy holds."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from showcam.simulator.assistants.screen import WebRtcScreen


def test_every_file_that_the_page_names_is_served_under_its_policy(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(b.url) as response:
            page = await response.text()
            policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)
        named = set(re.findall(r'(?:src|href)="(/[^"]+)"', page))
        fetched: set[str] = set()
        while named - fetched:
            path = (named - fetched).pop()
            fetched.add(path)
            async with b.http.get(b.url + path) as response:
                assert response.status == 200, path
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                kind, text = response.headers["Content-Type"], await response.text()
            assert kind == ("text/css" if path.endswith(".css") else "text/javascript")
            if "/vendor/" not in path:
                named |= set(re.findall(r"(?:from |import\()\"(/[^\"]+)\"", text))
        assert "/page/vendor/hls.light.min.mjs" in fetched

    bench(steps)


@pytest.mark.parametrize(
    "path", ["index.html", "../door.py", "..%2f..%2fdoor.py", "vendor/hls.js.LICENSE", "nothing.js"]
)
def test_only_scripts_and_styles_of_the_page_are_served(bench: Callable[..., None], path: str) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(f"{b.url}/page/{path}") as response:
            assert response.status == 404

    bench(steps)


def test_the_page_carries_the_names_of_linked_assistants(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        async with b.http.get(b.url) as response:
            assert 'data-linked=""' in await response.text()
        await b.link("google")
        async with b.http.get(b.url) as response:
            assert 'data-linked="google"' in await response.text()

    bench(steps)


def test_messages_that_the_page_reports_are_kept_masked(bench: Callable[..., None]) -> None:
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
        answer = await b.post("/assistants/alexa/offer", {"session": session, "sdp": await screen.offer()})
        assert answer["answer"].startswith("v=0")
    finally:
        await screen.close()


def test_a_live_view_is_reported_connected_and_ended_once(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        await b.link("alexa")
        answer = await b.post("/assistants/alexa/say", {"text": "show the garden camera"})
        assert (answer["need"], answer["camera"]["name"]) == ("offer", "Garden")
        assert answer["outcome"]["pending"]
        session = answer["session"]
        await offered(b, session)
        connected = await b.post("/assistants/alexa/session", {"session": session, "event": "connected"})
        closed = await b.post("/assistants/alexa/session", {"session": session, "event": "closed"})
        again = await b.post("/assistants/alexa/session", {"session": session, "event": "closed"})
        titles = [[entry["title"] for entry in answer["trace"]] for answer in (connected, closed, again)]
        assert titles == [["Alexa: SessionConnected"], ["Alexa: SessionDisconnected"], []]
        assert connected["broken"] == closed["broken"] == []

    bench(steps)


def test_a_new_wish_ends_the_live_view_before(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        await b.link("alexa")
        answer = await b.post("/assistants/alexa/say", {"text": "show garden"})
        await offered(b, answer["session"])
        for ended in (["Alexa: SessionDisconnected"], []):
            answer = await b.post("/assistants/alexa/say", {"text": "hide"})
            assert answer["hide"]
            assert [entry["title"] for entry in answer["trace"]] == ended

    bench(steps)
