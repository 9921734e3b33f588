"""Encrypted cameras in the started program: only their owner's decision asks EZVIZ for keys, and one press ends it.

`keys@example.com` signs in by a code, so EZVIZ hands it every key that showcam asks for. What is refused here is
refused by showcam.
"""

import asyncio
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bench.closing import Closing
from tests.doubles.linking import link
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "EZVIZ is asked for a key only for a camera whose owner decided so",
    leans_on="double: EZVIZ's cloud; published: the request of pyezvizapi",
    also=("tests/registry/test_ezviz_keys.py",),
)

USER, PASSWORD, CODE = "keys@example.com", "showcam-demo", "012345"
NAMES = ("Balcony", "Carport", "Mailbox", "Stairs")
ASKED = "/api/device/query/encryptkey"


def key_requests(program: Program) -> int:
    calls = requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["calls"]
    return int(calls.get(ASKED, 0))


class Console:
    """A browser at /home, signed in by user name, password and code."""

    def __init__(self, program: Program) -> None:
        self._program, self._http = program, requests.Session()
        self.press("enter", entry=program.entry())
        self.press("sign-in", user=USER, password=PASSWORD)
        self.press("code", code=CODE)

    @property
    def page(self) -> str:
        return self._http.get(f"{self._program.web}/home", timeout=LONG_S).text

    def _token(self) -> str:
        return str(re.findall(r'name="csrf_token" value="([^"]+)"', self.page)[0])

    def press(self, step: str, **fields: Any) -> int:
        form = {"csrf_token": self._token(), "step": step, **fields}
        return self._http.post(f"{self._program.web}/home", form, timeout=LONG_S, allow_redirects=False).status_code

    def ids(self) -> dict[str, str]:
        return {name: at for at, name in re.findall(r'data-camera="([^"]+)" data-name="([^"]+)"', self.page)}

    def reason(self, camera: str) -> str:
        """Why the page does not show it live; "" where it does."""
        answer = self._http.post(
            f"{self._program.web}/home/cameras/{camera}",
            json={"session": "7", "sdp": ""},
            headers={"X-CSRFToken": self._token()},
            timeout=LONG_S,
        )
        return str(answer.json().get("reason", ""))

    def still(self, camera: str) -> int:
        return self._http.get(f"{self._program.web}/home/cameras/{camera}/still.jpg", timeout=LONG_S).status_code


class Echo:
    """Directives under an access token of a link."""

    def __init__(self, program: Program, token: str) -> None:
        self._program, self._scope = program, {"type": "BearerToken", "token": token}
        found = self._send({"header": header("Alexa.Discovery", "Discover"), "payload": {"scope": self._scope}})
        self.ids = {row["friendlyName"]: row["endpointId"] for row in found["payload"]["endpoints"]}

    def ask(self, name: str, namespace: str, directive: str, payload: dict[str, Any]) -> dict[str, Any]:
        endpoint = {"scope": self._scope, "endpointId": self.ids[name], "cookie": {}}
        head = {**header(namespace, directive), "correlationToken": "c"}
        return self._send({"header": head, "endpoint": endpoint, "payload": payload})

    def _send(self, directive: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._program.web}/alexa/smart-home"
        answer = requests.post(url, json={"directive": directive}, timeout=LONG_S)
        return dict(answer.json()["event"])

    def still(self, name: str) -> str:
        """The address of a still picture; "" where there is none."""
        answer = self.ask(name, "Alexa.SmartVision.SnapshotProvider", "GetSnapshot", {})
        return str(answer["payload"].get("value", {}).get("uri", ""))


def header(namespace: str, name: str) -> dict[str, str]:
    return {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": str(uuid.uuid4())}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(
        tmp_path_factory.mktemp("keys"), troubled=True, SHOWCAM_EXPLAIN="no", SHOWCAM_OPENS_PER_MINUTE="600"
    ) as program:
        program.configure(wake_s=1.0, wake_spread_s=0.0)
        yield program


# EZVIZ sends ten codes a minute, so that the tests share what is signed in


@pytest.fixture(scope="module")
def console(program: Program) -> Console:
    return Console(program)


@pytest.fixture(scope="module")
def token(program: Program) -> str:
    return link(program.web, "alexa", USER, PASSWORD, code=CODE)


def test_a_fresh_link_by_code_with_nothing_ticked_asks_for_no_key_and_is_refused_everywhere(
    program: Program, console: Console, token: str
) -> None:
    program.link("alexa", USER, code=CODE)
    program.link("google", USER, code=CODE)
    assert sorted(console.ids()) == list(NAMES)
    for name, camera in console.ids().items():
        for assistant in ("alexa", "google"):
            program.refused(assistant, f"show the {name.lower()} camera", f"Image Encryption is on for {name}")
        assert console.reason(camera) == "encryption_on"
        assert console.still(camera) == 404
    echo = Echo(program, token)
    assert [echo.still(name) for name in NAMES] == [""] * 4
    assert key_requests(program) == 0


def test_neither_a_voice_nor_a_press_without_a_decision_asks_for_one(
    program: Program, console: Console, token: str
) -> None:
    asked, camera = key_requests(program), console.ids()["Carport"]
    assert console.press("ask-key", camera=camera) == 303
    assert console.press("key-code", camera=camera, key_code="1234") == 303
    assert console.press("show-encrypted", encrypted=camera) == 403, "it was not ticked"
    echo = Echo(program, token)
    for namespace, name, payload in (
        ("Alexa.ToggleController", "TurnOn", {}),
        ("Alexa.ModeController", "SetMode", {"mode": "code"}),
        ("Alexa.PowerController", "TurnOn", {}),
    ):
        answer = echo.ask("Carport", namespace, name, payload)
        assert answer["header"]["name"] == "ErrorResponse"
    for words in ("show the carport while it is encrypted", "decrypt the carport", "ask for the key of the carport"):
        program.assistant("google", "say", text=words)
    assert (key_requests(program), console.reason(camera)) == (asked, "encryption_on")


def test_with_one_tick_at_consent_all_four_are_shown_by_both_assistants(program: Program, console: Console) -> None:
    """Two values were typed, and the code. A person asks again for a camera that had to be woken."""
    asked = key_requests(program)
    link(program.web, "alexa", USER, PASSWORD, code=CODE, show_encrypted="1")
    assert key_requests(program) == asked + 4
    for name in NAMES:
        for assistant in ("alexa", "google"):
            program.shown(assistant, f"show the {name.lower()} camera")
    assert console.page.count("Shown despite Image Encryption") == 4
    assert key_requests(program) == asked + 4, "nothing asks again"


class TakenBack(Closing):
    """A camera of `keys@example.com` whose owner takes the decision back at its tile, and makes it again."""

    camera = "Carport"

    def __init__(self, program: Program, console: Console, token: str) -> None:
        self.console = console
        super().__init__(program, token)

    def close(self) -> None:
        assert self.console.press("forget-code", camera=self.console.ids()[self.camera]) == 303

    def open(self) -> None:
        fields = {"camera": self.console.ids()[self.camera], "deciphered": "1"}
        assert self.console.press("picture-code", **fields) == 303


def test_a_decision_that_is_taken_back_ends_live_video_within_three_seconds(
    program: Program, console: Console, token: str
) -> None:
    taken_back = TakenBack(program, console, token)
    taken_back.open()
    assert taken_back.console.reason(taken_back.console.ids()["Carport"]) == ""  # and its encoder runs from here on
    asked = key_requests(program)
    taken = [asyncio.run(taken_back.outlasted_s()) for _ in range(2)]
    assert max(seconds for both in taken for seconds in both) <= taken_back.most_s(), taken
    # each new decision had to ask for the key, since it was deleted with the one before
    assert key_requests(program) == asked + 2


def test_with_the_decision_its_stills_and_its_key_are_gone(program: Program, console: Console, token: str) -> None:
    echo, camera = Echo(program, token), console.ids()["Stairs"]
    assert console.press("picture-code", camera=camera, deciphered="1") == 303
    bearer, stills = {"Authorization": f"Bearer {token}"}, [""]

    def is_fetched() -> bool:
        """A camera that wakes, and a busy machine, take longer than an assistant waits."""
        stills[0] = echo.still("Stairs")
        return bool(stills[0]) and requests.get(stills[0], headers=bearer, timeout=LONG_S).status_code == 200

    until(is_fetched)
    assert console.press("forget-code", camera=camera) == 303
    assert "you decided" not in console.page.partition('data-name="Stairs"')[2].partition("</li>")[0]
    refused = requests.get(stills[0], headers=bearer, timeout=LONG_S)
    assert (refused.status_code == 200, console.still(camera), echo.still("Stairs")) == (False, 404, "")
    kept = program.command("cameras", "show", "Stairs", "--demo", "--user", USER).stdout
    assert re.search(r"while_encrypted +no\b", kept)
    asked = key_requests(program)
    assert console.press("picture-code", camera=camera, deciphered="1") == 303
    assert key_requests(program) == asked + 1, "the key was deleted"


def test_nothing_of_it_is_in_a_log(program: Program) -> None:
    text = program.log.read_text() + "".join(file.read_text() for file in (program.data / "log").glob("*"))
    assert "pull opened" in text
    for secret in ("kX7pQ2mR9tVw", "b4Zc8Hn1Ls6Y", "encryptkey", "F004976", CODE):
        assert secret not in text
