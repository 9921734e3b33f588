"""Saying, end to end over HTTP, with a double of showcam."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.showcam_endpoints import write_hls


@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_a_wish_without_a_link_is_answered_by_press_link(bench: Callable[..., None], assistant: str) -> None:
    async def steps(b: Any) -> None:
        answer = await b.post(f"/assistants/{assistant}/say", {"text": "show the garden"})
        assert "Press Link" in answer["outcome"]["person"]

    bench(steps)


@pytest.mark.parametrize(
    ("assistant", "refuse", "error", "person"),
    [
        (
            "alexa",
            {
                "type": "NOT_SUPPORTED_IN_CURRENT_MODE",
                "currentDeviceMode": "OTHER",
                "message": "Image Encryption is on.",
            },
            "NOT_SUPPORTED_IN_CURRENT_MODE, OTHER",
            "Image Encryption is on.",
        ),
        ("alexa", {"type": "ENDPOINT_UNREACHABLE", "message": "Offline."}, "ENDPOINT_UNREACHABLE", "Offline."),
        ("google", {"status": "OFFLINE", "errorCode": "deviceOffline", "debugString": "Off."}, "deviceOffline", "Off."),
        ("google", {"status": "ERROR", "errorCode": "deviceNotReady"}, "deviceNotReady", None),
    ],
)
def test_a_refusal_has_the_assistants_error_and_a_text_for_a_person(
    bench: Callable[..., None], assistant: str, refuse: dict[str, str], error: str, person: str | None
) -> None:
    async def steps(b: Any) -> None:
        await b.link(assistant)
        b.showcam.refuse = refuse
        outcome = (await b.post(f"/assistants/{assistant}/say", {"text": "show garden", "via": "hls"}))["outcome"]
        assert (outcome["shown"], outcome["told"], outcome["person"]) == (False, error, person)
        assert "Garden" in outcome["spoken"]
        assert outcome["broken"] == []

    bench(steps)


@pytest.mark.parametrize(
    ("assistant", "fault", "rule"),
    [
        ("alexa", "correlation", "showcam broke a rule: correlationToken was not echoed verbatim"),
        ("google", "request id", "showcam broke a rule: requestId was not echoed verbatim"),
    ],
)
def test_a_broken_rule_is_an_outcome_and_no_picture(
    bench: Callable[..., None], assistant: str, fault: str, rule: str
) -> None:
    async def steps(b: Any) -> None:
        await b.link(assistant)
        b.showcam.fault = fault
        outcome = (await b.post(f"/assistants/{assistant}/say", {"text": "show garden", "via": "hls"}))["outcome"]
        assert outcome["broken"] == [rule]
        assert not outcome["shown"]

    bench(steps)


@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_a_dead_access_token_is_refreshed_and_a_dead_refresh_token_unlinks(
    bench: Callable[..., None], assistant: str
) -> None:
    async def steps(b: Any) -> None:
        await b.link(assistant)
        b.showcam.access.clear()
        answer = await b.post(f"/assistants/{assistant}/say", {"text": "is the garden online"})
        assert answer["outcome"]["told"] is None
        assert [entry["title"].split(": ")[0] for entry in answer["trace"]][1] == "Cloud"
        assert (await b.get(f"/assistants/{assistant}"))["linked"]
        b.showcam.access.clear()
        b.showcam.refresh.clear()
        answer = await b.post(f"/assistants/{assistant}/say", {"text": "show garden", "via": "hls"})
        assert "link again" in answer["outcome"]["person"]
        assert not (await b.get(f"/assistants/{assistant}"))["linked"]

    bench(steps)


def test_a_switch_with_a_pin_is_challenged_and_the_pin_is_masked(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        b.showcam.pin = "2468"
        await b.link("google")

        async def switched(**body: str) -> tuple[str, str | None]:
            answered = await b.post("/assistants/google/say", {"text": "turn off the garden camera", **body})
            assert answered["outcome"]["broken"] == []
            # a request's id may hold these digits among others by chance
            assert re.search(r"(?<!\d)2468(?!\d)", str(answered["trace"])) is None
            return answered["outcome"]["spoken"], answered.get("need")

        assert await switched() == ("Can I have your PIN for Garden?", "pin")
        assert await switched(pin="1111") == ("Sorry, that PIN isn't right. Can I have your PIN for Garden?", "pin")
        assert await switched(pin="2468") == ("Okay, turning Garden off.", None)
        assert (await b.get("/assistants/google/trace"))["entries"][-1]["request"]["inputs"][0]["payload"]["commands"]
        answered = await b.post("/assistants/google/say", {"text": "turn the garden camera on"})
        assert answered["outcome"]["spoken"] == "Okay, turning Garden on."

    bench(steps)


SURE = ("Are you sure?", "yes", False)


@pytest.mark.parametrize(
    "dialogue",
    [
        # a sentence, the display's reply, what it needs, whether a wish was done or a question answered
        [
            ("turn off audio on the garden camera", *SURE),
            ("yes", "Okay, turning audio off on Garden.", None, True),
            ("yes", "Sorry, I didn't get that.", None, False),
        ],
        [("turn on the sound of the garden", *SURE), ("yes", "Okay, turning sound on on Garden.", None, True)],
        [("reboot the garden camera", *SURE), ("yes", "Okay, rebooting Garden.", None, True)],
        [("reboot the garden", *SURE), ("no", "Okay.", None, True), ("yes", "Sorry, I didn't get that.", None, False)],
        [
            ("reboot the garden", *SURE),
            ("is the garden online", "Garden is online.", None, True),
            ("yes", "Sorry, I didn't get that.", None, False),
        ],
        [("how much battery does the garden camera have", "Garden has 55 percent battery left.", None, True)],
        [("sync my devices", "Okay, synced your devices: 1 found.", None, True)],
    ],
    ids=lambda dialogue: dialogue[0][0],
)
def test_a_command_that_needs_confirmation_waits_for_yes_or_no(
    dialogue: list[tuple[str, str, str | None, bool]], bench: Callable[..., None]
) -> None:
    async def steps(b: Any) -> None:
        b.showcam.battery = 55
        await b.link("google")
        for text, spoken, need, done in dialogue:
            answer = await b.post("/assistants/google/say", {"text": text})
            outcome = answer["outcome"]
            assert (outcome["spoken"], answer.get("need"), outcome["answered"]) == (spoken, need, done)
            assert outcome["broken"] == []

    bench(steps)


def test_a_yes_sends_the_same_command_again(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        b.showcam.battery = 55
        await b.link("google")
        for text in ("turn off the sound on the garden", "yes"):
            await b.post("/assistants/google/say", {"text": text})
        commands = (body["inputs"][0]["payload"]["commands"][0] for body in b.showcam.bodies[-2:])
        first, confirmed = (command["execution"][0] for command in commands)
        assert first == {
            "command": "action.devices.commands.SetToggles",
            "params": {"updateToggleSettings": {"audio": False}},
        }
        assert confirmed == first | {"challenge": {"ack": True}}

    bench(steps)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("turn off the garden camera", "voice_may sleep"),
        ("reboot the garden camera", "voice_may restart"),
        ("how much battery does the garden have", "reports no battery of Garden"),
    ],
)
def test_a_command_that_was_not_offered_sends_no_message(text: str, why: str, bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        await b.link("google")
        answered = await b.post("/assistants/google/say", {"text": text})
        assert answered["trace"] == []
        assert why in answered["outcome"]["person"]
        assert not answered["outcome"]["answered"]

    bench(steps)


@pytest.mark.parametrize(
    ("assistant", "text", "answered"),
    [
        ("google", "is the garden ok", True),
        ("google", "is the garden online", True),
        ("google", "show the submarine", False),
        ("google", "make coffee", False),
        ("alexa", "discover devices", True),
        ("alexa", "make coffee", False),
        ("alexa", "reboot the garden", False),
        ("alexa", "turn off the garden", False),
    ],
)
def test_a_wish_without_a_picture_is_answered_or_not(
    assistant: str, text: str, answered: bool, bench: Callable[..., None]
) -> None:
    async def steps(b: Any) -> None:
        await b.link(assistant)
        answer = await b.post(f"/assistants/{assistant}/watch", {"text": text})
        assert answer["outcome"]["answered"] is answered

    bench(steps)


def test_google_disconnects_and_alexa_only_forgets(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        for assistant, sent in (("alexa", []), ("google", ["Google: DISCONNECT"])):
            await b.link(assistant)
            answer = await b.post(f"/assistants/{assistant}/unlink")
            assert [entry["title"] for entry in answer["trace"]] == sent
            assert answer["linked"] is False

    bench(steps)


@pytest.mark.parametrize("assistant", ["alexa", "google"])
@pytest.mark.parametrize("via", ["webrtc", "hls"])
def test_watching_decodes_the_picture_and_the_sound(
    bench: Callable[..., None], tmp_path: Any, assistant: str, via: str
) -> None:
    write_hls(tmp_path)

    async def steps(b: Any) -> None:
        await b.link(assistant)
        answer = await b.post(
            f"/assistants/{assistant}/watch", {"text": "show the garden camera", "via": via, "seconds": 3}
        )
        assert answer["outcome"]["broken"] == []
        assert answer["outcome"]["shown"], answer
        shown = answer["shown"]
        assert (shown["protocol"], shown["width"], shown["height"], shown["audio"]) == (via, 320, 240, True)
        assert shown["frames"] > 5
        assert answer["jpeg"].startswith("/9j/")
        assert "GRANT-SECRET" not in str(answer["trace"])

    bench(steps)


def test_signalling_without_cors_shows_no_picture_and_breaks_a_rule(bench: Callable[..., None]) -> None:
    async def steps(b: Any) -> None:
        await b.link("google")
        b.showcam.fault = "cors"
        outcome = (await b.post("/assistants/google/watch", {"text": "show garden"}))["outcome"]
        assert not outcome["shown"]
        assert outcome["broken"] == [
            "showcam broke a rule: the signalling answer lacks Access-Control-Allow-Origin for the player"
        ]

    bench(steps)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "/assistants/alexa/say", {}, b"{", 400),
        ("POST", "/assistants/alexa/say", {}, b'{"text": 5}', 400),
        ("POST", "/assistants/alexa/say", {}, b'{"text": "x", "via": "smoke"}', 400),
        ("POST", "/assistants/siri/say", {}, b'{"text": "x"}', 404),
        ("POST", "/assistants/alexa/offer", {}, b'{"session": "x", "sdp": "v=0"}', 404),
        ("POST", "/assistants/alexa/unlink", {"Origin": "https://evil.example"}, b"{}", 403),
        ("GET", "/assistants/alexa", {"Host": "evil.example"}, b"", 421),
        ("GET", "/page/..%2fdoor.py", {}, b"", 404),
    ],
)
def test_bad_requests_get_a_problem_document(
    bench: Callable[..., None], method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    async def steps(b: Any) -> None:
        async with b.http.request(method, b.url + path, data=body, headers=headers) as response:
            assert response.status == status

    bench(steps)


@pytest.mark.parametrize(
    ("assistant", "language", "spoken", "answer"),
    [
        ("google", "de", "de", "Ich konnte keine Kamera namens the moon finden."),
        ("google", "nb", "nb", "Jeg fant ikke noe kamera som heter the moon."),
        ("google", "fr", "en", "I couldn't find a camera called the moon."),
        ("alexa", "de", "de", "Ich konnte keine Kamera namens the moon finden."),
        ("alexa", "nb", "en", "I couldn't find a camera called the moon."),
    ],
)
def test_an_assistant_answers_in_the_person_s_language_where_it_speaks_it(
    bench: Callable[..., None], assistant: str, language: str, spoken: str, answer: str
) -> None:
    async def steps(b: Any) -> None:
        await b.link(assistant)
        said = await b.post(f"/assistants/{assistant}/say", {"text": "show the moon", "language": language})
        assert (said["outcome"]["language"], said["outcome"]["spoken"]) == (spoken, answer)

    bench(steps)
