"""A second vendor in the started program: its folder and its line, and nothing else of showcam changes.

The program runs from a copy of the tree, to which the test adds the folder of the example and the line in the table.
"""

import hmac
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from itsdangerous import TimestampSigner

from showcam.accounts import clients
from showcam.accounts.states import LIFE_S, States
from showcam.app import keys
from showcam.app.compose.ground import open_store
from showcam.app.process.settings_sources import load
from showcam.app.settings import Settings
from showcam.drivers.vendor import Manner
from tests.doubles.hls_camera import Authority
from tests.doubles.lakeside_cloud import KARI, KEY, KEY_OF_OLA, PASSWORD, LakesideCloud
from tests.doubles.lakeside_tree import copied
from tests.doubles.program import AS_INSTALLED, Program
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.process

BACK, SECRET = "https://assistant.example/callback", "google-secret"
CANT = "This sign-in can&#39;t be finished"


@dataclass
class World:
    program: Program
    cloud: LakesideCloud
    vendor: SimulatorProcess
    trusted: Path

    def browser(self) -> "Browser":
        return Browser(self)

    @property
    def settings(self) -> Settings:
        return load(environ={"SHOWCAM_DATA": str(self.program.data)})

    def entry(self) -> str:
        """The code that opens the console."""
        return self.program.entry()


@dataclass
class Browser:
    world: World
    http: requests.Session = field(default_factory=requests.Session)
    page: requests.Response = field(default_factory=requests.Response)

    def get(self, address: str) -> "Browser":
        self.page = self.http.get(
            urljoin(self.world.program.web, address),
            timeout=LONG_S,
            verify=str(self.world.trusted),
            allow_redirects=False,
        )
        return self.on()

    def post(self, step: str, **fields: str) -> "Browser":
        """Presses a button of the page, and follows redirects but to the assistant or to another vendor's page."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page.text)
        assert token, self.page.text
        self.page = self.http.post(
            self.page.url, {"csrf_token": token[1], "step": step} | fields, timeout=LONG_S, allow_redirects=False
        )
        return self.on()

    def on(self) -> "Browser":
        while self.page.is_redirect:
            to = urljoin(self.page.url, self.page.headers["Location"])
            if to.startswith((BACK, f"https://{self.world.cloud.host}")):
                break
            self.page = self.http.get(to, timeout=LONG_S, allow_redirects=False)
        return self

    def agree_there(self, agree: str = "yes") -> str:
        """Goes to the vendor's page and answers it; the address to which that sends the browser back."""
        there = self.page.headers["Location"]
        page = self.http.get(there, timeout=LONG_S, verify=str(self.world.trusted))
        assert page.status_code == 200, page.text
        answer = self.http.post(
            there, {"agree": agree}, timeout=LONG_S, verify=str(self.world.trusted), allow_redirects=False
        )
        return answer.headers["Location"]

    @property
    def says(self) -> str:
        alert = re.search(r'<p[^>]*role="alert"[^>]*>(.*?)</p>', self.page.text, re.DOTALL)
        return alert[1] if alert else ""

    def authorize(self) -> "Browser":
        asked = f"response_type=code&client_id=google&scope=cameras&state=s&redirect_uri={BACK}"
        return self.get(f"/oauth/authorize?{asked}")

    def enter(self) -> "Browser":
        """Opens the console, and signs in to EZVIZ there."""
        self.get("/home").post("enter", entry=self.world.entry())
        return self.post("sign-in", user="demo@example.com", password="showcam-demo", vendor="ezviz")


@contextmanager
def installed(folder: Path, manner: Manner) -> Iterator[World]:
    with ExitStack() as stack:
        (folder / "tls").mkdir()
        authority = Authority(folder / "tls")
        cloud = LakesideCloud(authority)
        stack.callback(cloud.close)
        vendor = SimulatorProcess(folder)
        stack.callback(vendor.stop)
        trusted = folder / "trusted.pem"
        trusted.write_bytes(authority.ca_file.read_bytes() + vendor.ca.read_bytes())
        tree = copied(folder / "tree", cloud.host, manner)
        program = Program(
            folder,
            demo=False,
            PYTHONPATH=os.pathsep.join((str(tree), AS_INSTALLED["PYTHONPATH"])),
            SHOWCAM_EZVIZ_AT=vendor.hosts,
            SHOWCAM_CA_FILE=str(trusted),
            SHOWCAM_REQUEST_S="30",  # a busy machine is not what is tested: pages wait for the vendors
        )
        cloud.callback = f"{program.web}/oauth/callback/lakeside"
        program.start()
        stack.callback(program.stop)
        made = World(program, cloud, vendor, trusted)
        with closing(open_store(made.settings, keys.of(made.settings))) as store:
            clients.register(store, "google", "google", (BACK,), secret=SECRET)
        yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with installed(tmp_path_factory.mktemp("second"), "page") as made:
        yield made


@pytest.fixture(scope="module")
def by_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Lakeside as a vendor that wants a key, and Kari as a household that may sign in."""
    with installed(tmp_path_factory.mktemp("key"), "key") as made:
        owned(made)
        yield made


@pytest.fixture(scope="module")
def by_password(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with installed(tmp_path_factory.mktemp("password"), "password") as made:
        owned(made)
        yield made


def owned(world: World) -> None:
    added = world.program.command("owner", "add", KARI, "--vendor", "Lakeside")
    assert added.returncode == 0, added.stderr


def google(world: World, token: str, intent: str, **payload: Any) -> dict[str, Any]:
    body = {"requestId": "1", "inputs": [{"intent": f"action.devices.{intent}", "payload": payload}]}
    answer = requests.post(
        f"{world.program.web}/google/fulfillment",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=LONG_S,
    )
    return dict(answer.json()["payload"]) if answer.status_code == 200 else {"status": answer.status_code}


def test_it_is_added_and_linked_listed_beside_ezviz_shown_and_removed(world: World) -> None:
    home = world.browser().enter()
    # a page whose list EZVIZ did not answer in time is loaded again, as its script does
    until(lambda: "Garden" in home.get("/home").page.text)
    assert "Pier" not in home.page.text
    back = home.get("/home/setup").post("vendor", vendor="lakeside").agree_there()
    assert home.get(back).page.status_code == 200, home.says
    until(lambda: {name for name in ("Garden", "Pier") if name in home.get("/home").page.text} == {"Garden", "Pier"})

    linking = world.browser().authorize()
    assert "Sign in to EZVIZ" in linking.page.text
    linking.get(linking.post("vendor", vendor="lakeside").agree_there())
    assert {name for name in ("Garden", "Pier", KARI) if name in linking.page.text} == {"Garden", "Pier", KARI}
    cameras = re.findall(r'name="cameras" value="([^"]+)"', linking.page.text)
    linking.page = linking.http.post(
        linking.page.url,
        [
            ("csrf_token", re.findall(r'name="csrf_token" value="([^"]+)"', linking.page.text)[0]),
            ("step", "agree"),
            ("label", "Speaker"),
            *(("cameras", camera) for camera in cameras),
        ],
        timeout=LONG_S,
        allow_redirects=False,
    )
    code = parse_qs(urlsplit(linking.page.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": "google"}
    answer = requests.post(f"{world.program.web}/oauth/token", form | {"client_secret": SECRET}, timeout=LONG_S)
    token = str(answer.json()["access_token"])

    until(lambda: "devices" in google(world, token, "SYNC"))  # the vendors have four seconds for their lists
    pier = next(each for each in google(world, token, "SYNC")["devices"] if each["name"]["name"] == "Pier")
    assert pier["id"].startswith("lakeside-")
    command = "action.devices.commands.GetCameraStream"
    execution = [{"command": command, "params": {"StreamToChromecast": True, "SupportedStreamProtocols": ["hls"]}}]
    shows = [{"devices": [{"id": pier["id"]}], "execution": execution}]

    def is_shown() -> bool:
        """Google has two seconds for the answer, and a player some for the list: a busy machine may take them."""
        [done] = google(world, token, "EXECUTE", commands=shows)["commands"]
        if done["status"] != "SUCCESS":
            assert done["errorCode"] == "transientError", done
            return False
        return requests.get(done["states"]["cameraStreamAccessUrl"], timeout=LONG_S).text.startswith("#EXTM3U")

    until(is_shown)

    removed = world.program.command("household", "remove", KARI, text=f"{KARI}\n")
    assert removed.returncode == 0, removed.stderr
    assert google(world, token, "SYNC") == {"status": 401}
    until(lambda: "Pier" not in home.get("/home").page.text)


def test_the_state_of_a_sign_in_works_once_for_the_browser_that_began_it(world: World) -> None:
    tokens = dict(world.cloud.tokens)
    browser = world.browser().authorize().post("vendor", vendor="lakeside")
    back = browser.agree_there()
    address = urlsplit(back)
    foreign = world.browser().authorize().post("vendor", vendor="lakeside").agree_there("no")
    other_state = parse_qs(urlsplit(foreign).query)["state"][0]
    code = parse_qs(address.query)["code"][0]

    assert refused(browser.get(f"{address.path}?code={code}&state={other_state}")), "another sign-in's state"
    assert refused(browser.get(f"{address.path}?code={code}&state=made-up")), "a state that nobody made"
    assert refused(browser.get(f"{address.path}?code={code}")), "none"
    assert refused(browser.get(f"{address.path}?code={code}&state={too_old(world)}")), "an old one"
    assert refused(browser.get(back.replace("/lakeside?", "/ezviz?"))), "another vendor's"
    assert refused(world.browser().get(back)), "another browser"
    assert world.cloud.tokens == tokens, "no code was redeemed for any of them"
    browser.get(back)
    assert "account may not sign in here" in browser.says, "the right one gets to the vendor, and is a stranger here"
    assert refused(browser.get(back)), "used"
    logged = world.program.log.read_text()
    assert not [secret for secret in (code, parse_qs(address.query)["state"][0]) if secret in logged]


def test_its_messages_come_to_an_address_of_its_own_and_are_taken_if_they_are_signed(world: World) -> None:
    def posted(kind: str, key: str) -> int:
        signature = hmac.digest(key.encode(), b"1pier", "sha256").hex()
        headers = {"Content-Type": "text/plain", "x-lakeside": signature, "x-lakeside-at": "1"}
        address = f"{world.program.web}/webhooks/{kind}"
        return requests.post(address, data=b"pier", headers=headers, timeout=LONG_S).status_code

    assert posted("lakeside", "lakeside-key") == 200
    assert posted("lakeside", "another key") == 401
    assert posted("ezviz", "lakeside-key") == 404, "this installation has no key of EZVIZ's"
    assert posted("nobody", "lakeside-key") == 404


def test_a_person_who_does_not_agree_there_is_told_so(world: World) -> None:
    browser = world.browser().authorize().post("vendor", vendor="lakeside")
    assert browser.get(browser.agree_there("no")).says == "You did not agree at Lakeside."
    assert "Sign in to Lakeside" in browser.page.text


def test_a_console_takes_only_its_own_state_back(world: World) -> None:
    home = world.browser().get("/home").post("enter", entry=world.entry())
    back = home.get("/home/setup").post("vendor", vendor="lakeside").agree_there()
    other = world.browser().get("/home").post("enter", entry=world.entry())
    assert CANT in other.get(back).page.text
    assert CANT in home.get(f"{back}x").page.text
    assert "Pier" in home.get(back).get("/home").page.text
    assert CANT in home.get(back).page.text


def test_no_vendors_code_is_led_to_another_machine_of_the_house(world: World) -> None:
    """A stranger's machine in the house hands on its own address as Host."""
    browser = world.browser()
    browser.http.headers["Host"] = f"192.168.77.5:{world.program.port}"
    browser.get("/home").post("enter", entry=world.entry())
    browser.post("vendor", vendor="lakeside")
    assert "Start again" in browser.says
    assert "Location" not in browser.page.headers


def test_it_signs_in_by_password(by_password: World) -> None:
    signs_in(by_password, "sign-in", {"user": KARI, "password": "x"}, {"user": KARI, "password": PASSWORD})


def test_it_signs_in_by_key(by_key: World) -> None:
    signs_in(by_key, "key", {"key": "x"}, {"key": KEY})


def signs_in(world: World, step: str, wrong: dict[str, str], right: dict[str, str]) -> None:
    browser = world.browser().authorize().post("vendor", vendor="lakeside")
    assert "Lakeside" in browser.page.text
    assert "Lakeside" in browser.post(step, vendor="lakeside", **wrong).says
    browser.authorize().post("vendor", vendor="lakeside").post(step, vendor="lakeside", **right)
    assert "Pier" in browser.page.text
    typed = "".join(f"{right[name]}\n" for name in ("user", "password", "key") if name in right)
    signed_in = world.program.command("login", "--vendor", "lakeside", text=typed)
    assert "Pier" in signed_in.stdout, signed_in.stderr


def test_a_name_that_is_typed_with_somebody_elses_key_opens_nothing(by_key: World) -> None:
    browser = by_key.browser().authorize()
    for secret in (KEY_OF_OLA, KEY):
        browser.post("sign-in", vendor="lakeside", user=KARI, password=secret)
        assert "Lakeside asks for more. Sign in to its app first." in browser.says
    browser.post("key", vendor="lakeside", key=KEY_OF_OLA)
    assert "account may not sign in here" in browser.says


def refused(browser: Browser) -> bool:
    return browser.page.status_code == 400 and CANT in browser.page.text and "another browser" in browser.says


def too_old(world: World) -> str:
    """A state that this installation signed more than five minutes ago."""

    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - LIFE_S - 1

    states = States(keys.of(world.settings).cookie)
    states._signer.signer = Earlier
    return states.new()
