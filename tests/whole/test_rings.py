"""Somebody rings or moves at a camera of the running demo: what reaches the owner's phone, once, with a still."""

import io
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from PIL import Image

from tests.doubles.console_browser import Page
from tests.doubles.notice_services import WebReceiver
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A ring reaches a phone by Apprise once, with the vendor's picture or the camera's first, and a link to its page",
    leans_on="second stack: Apprise; double: EZVIZ and the notice service",
)

DOOR = "Front Door"


@pytest.fixture(scope="module")
def web() -> Iterator[WebReceiver]:
    made = WebReceiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, web: WebReceiver) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("rings"), troubled=True, SHOWCAM_POLL_S="2") as started:
        page = Page(started)
        page.notify("demo@example.com", web.webhook)
        until(lambda: DOOR in started.command("cameras", "list", "--demo").stdout)
        yield started


@pytest.fixture
def page(program: Program) -> Page:
    page = Page(program)
    page.enter("demo@example.com", "showcam-demo")
    return page


def choose(page: Page, **when: str) -> None:
    """Ticks these events of the cameras, and no others, on the page of phones."""
    page.get("/home/phones")
    rows = re.findall(r'name="camera" value="([^"]+)">\s*<fieldset>\s*<legend>([^<]+)', page.text)
    ids = {name: camera for camera, name in rows}
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    chosen = [f"{ids[name.replace('_', ' ')]}/{each}" for name, events in when.items() for each in events.split(",")]
    form: dict[str, Any] = {"csrf_token": token[1], "step": "rings", "camera": list(ids.values()), "when": chosen}
    sent = page.session.post(f"{page.program.web}/home/phones", data=form, timeout=LONG_S)
    assert sent.status_code == 200, sent.text
    assert all(f'value="{each}" checked' in sent.text for each in chosen)
    assert sent.text.count('name="when"') > sent.text.count(" checked><span>")


def size(jpeg: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(jpeg)).size


def own(program: Program, **change: Any) -> None:
    [barn] = requests.get(f"{program.simulator}/_control", timeout=LONG_S).json()["own"]
    requests.post(f"{program.simulator}/_control/{barn['serial']}", json=change, timeout=LONG_S).raise_for_status()


def test_nothing_is_sent_until_the_owner_chose_it(program: Program, page: Page, web: WebReceiver) -> None:
    program.change(DOOR, press=True)
    until(lambda: "Somebody rang" in page.get("/home/happened"))
    assert (web.asked, "Sent to" in page.text) == (0, False)


def test_a_ring_comes_once_with_the_vendors_picture_and_a_link(program: Program, page: Page, web: WebReceiver) -> None:
    choose(page, Front_Door="doorbell")
    time.sleep(3.0)  # two presses within this are one
    program.configure(pushes_rings=True)  # it comes by push and is in the list, too
    before = len(web.got)
    program.change(DOOR, press=True)
    web.wait(lambda: len(web.got) > before)
    [(title, text)] = web.texts[before:]
    assert title == f"{DOOR}: Somebody rang"
    link = text.splitlines()[-1]
    assert link.startswith(f"{program.web}/home/cameras/")
    assert DOOR in page.session.get(link, timeout=LONG_S).text
    assert size(web.stills[before]) == (640, 360)
    until(lambda: "Sent to the phone after" in page.get("/home/happened"))
    until(lambda: page.get("/home/happened").count("Somebody rang") >= 1)
    time.sleep(6.0)  # the list is read again and again
    assert len(web.got) == before + 1
    program.configure(pushes_rings=False)


def test_motion_comes_from_the_camera_itself_if_its_vendor_keeps_no_picture(
    program: Program, page: Page, web: WebReceiver
) -> None:
    choose(page, Barn="motion")
    before = len(web.got)

    def is_sent() -> bool:
        own(program, motion=True)
        time.sleep(1.0)
        return len(web.got) > before

    until(is_sent)  # showcam hears it once it listens to the camera
    assert web.texts[before][0] == "Barn: Motion"
    assert web.stills[before].startswith(b"\xff\xd8")
    assert size(web.stills[before])[0] >= 320


def test_an_encrypted_picture_is_deciphered_once_the_owner_decided_so(
    program: Program, page: Page, web: WebReceiver
) -> None:
    decided = program.command(
        *("cameras", "set", "Garage", "while_encrypted", "code", "--yes", "--demo"), text="ABCDEF\n"
    )
    assert decided.returncode == 0, decided.stderr
    choose(page, Garage="person")
    listed = ("cameras", "show", "Garage", "--json", "--demo")
    assert json.loads(program.command(*listed).stdout)["preferences"]["phone_when"] == ["person"]
    time.sleep(30.0)  # the worker follows a decision of another process within this
    before = len(web.got)
    program.change("Garage", person=True)
    web.wait(lambda: len(web.got) > before)
    assert size(web.stills[before]) == (640, 360)


def test_a_service_that_hangs_holds_up_no_other(program: Program, page: Page, web: WebReceiver) -> None:
    hung = WebReceiver()
    hung.hangs = True
    try:
        assert page.post("/home/health/notices", step="add", url=hung.webhook) == 200
        choose(page, Front_Door="doorbell")
        before = len(web.got)
        program.change(DOOR, press=True)
        web.wait(lambda: len(web.got) > before and hung.asked)
        assert web.texts[before][0] == f"{DOOR}: Somebody rang"
    finally:
        hung.close()


def test_in_quiet_times_nothing_is_sent(program: Program, page: Page, web: WebReceiver) -> None:
    quiet = ("owner", "quiet", "--user", "demo@example.com", "--demo")
    assert program.command(*quiet, "00:00-12:00, 12:00-00:00", "--zone", "UTC").returncode == 0
    choose(page, Front_Door="doorbell", Garden="motion")
    before = len(web.got)
    rung = page.get("/home/happened").count("Somebody rang")
    time.sleep(16.0)  # for people, a visitor's second press is the same
    program.change(DOOR, press=True)
    until(lambda: page.get("/home/happened").count("Somebody rang") > rung)
    assert program.command(*quiet, "nothing").returncode == 0
    program.change("Garden", motion=True)
    web.wait(lambda: len(web.got) > before)
    assert web.texts[before][0] == "Garden: Motion"


def test_no_address_no_name_and_no_link_is_in_the_log(program: Program, web: WebReceiver) -> None:
    logged = program.log.read_text()
    assert not re.search(rf"\b{web.server_port}\b", logged)
    assert "Somebody rang" not in logged
    told = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert not [line for line in told if "traceback" in line or "exception" in line]
