"""Walks an owner's pages at /home: presses a camera's button, reads the last asks, ends a link, deletes all data."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import requests

from scripts.deploy_local.emulator import ANSWER_S
from scripts.deploy_local.steps import PASSWORD, REDIRECTS, STRANGER, USER, Place, StepFailed, heading, step
from scripts.deploy_local.walk import REFUSED, THEIRS, Form, Linking

LABEL = "ABCDEF"  # the code on the label of REFUSED


class Owner:
    """An owner's browser without scripts, at the https address `web`."""

    def __init__(self, web: str, authorities: Path) -> None:
        self._web, self.page = web, ""
        self._http = requests.Session()
        self._http.verify = str(authorities)
        self._http.trust_env = False

    def open(self, path: str) -> "Owner":
        self.page = self._http.get(f"{self._web}{path}", timeout=ANSWER_S).text
        return self

    def press(self, path: str, **fields: str) -> "Owner":
        """Sends a form with the token of the page that is open."""
        tokens = {name: value for name, value in Form(self.page).fields if name == "csrf_token"}
        answer = self._http.post(f"{self._web}{path}", tokens | fields, allow_redirects=False, timeout=ANSWER_S)
        if answer.is_redirect:
            answer = self._http.get(urljoin(answer.url, answer.headers["Location"]), timeout=ANSWER_S)
        self.page = answer.text
        return self

    def sign_in(self, user: str) -> "Owner":
        """Raises StepFailed unless the page of cameras comes."""
        self.open("/home").press("/home", step="door", user=user, password=PASSWORD)
        if not self.cameras:
            raise StepFailed(f"after signing in no cameras came: {self.text[:300]}")
        return self

    @property
    def text(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.page)).split())

    @property
    def cameras(self) -> dict[str, str]:
        """The ids of the cameras by name."""
        return {name: camera for camera, name in re.findall(r'data-camera="([^"]+)" data-name="([^"]+)"', self.page)}

    def reason(self, name: str) -> str:
        """Why the camera is not shown, "" if it is."""
        tile = re.search(rf'data-name="{name}".*?<p class="wrong">(.*?)</p>', self.page, re.DOTALL)
        return unescape(tile[1]) if tile else ""


def owners_pages(place: Place) -> None:
    """Raises StepFailed at the first step that fails."""
    heading("An owner's page")
    owner = Owner(place.web, place.authorities)
    with step("Sign in at /home") as done:
        done.found = f"{len(owner.sign_in(USER).cameras)} cameras"
    with step(f"Read there why {REFUSED} is not shown") as done:
        done.found = owner.reason(REFUSED)
        if "Image Encryption" not in done.found:
            raise StepFailed(f"its reason is “{done.found}”")
    if place.control:
        with step("Switch its Image Encryption off, by the code on its label"):
            _switch_off(place, owner)
    with step("Read what the assistants asked for") as done:
        done.found = f"{_asks(owner.open('/home/happened'))} asks, the refused ones with their reason"
    with step(f"Link {STRANGER}, whose page shows none of these cameras"):
        linking, tokens, other = _other_household(place)
    with step("End that link on its page, and refresh it once more"):
        other.open("/home/assistants").press("/home/assistants", step="end", link=_link(other))
        if linking.refresh(tokens["refresh_token"]).status_code != 400:
            raise StepFailed("the assistant still gets tokens")
    with step("Delete everything of that household"):
        other.open("/home/assistants").press("/home/assistants", step="delete", name=STRANGER)
        if 'name="password"' not in other.open("/home").page:
            raise StepFailed(f"its browser is still signed in: {other.text[:300]}")


def _switch_off(place: Place, owner: Owner) -> None:
    camera = owner.cameras[REFUSED]
    owner.press("/home", step="encryption-off", camera=camera)
    owner.press("/home", step="encryption-code", camera=camera, encryption_code=LABEL)
    found = owner.reason(REFUSED)
    switch(place.control, REFUSED, encryption=True)  # for the next walk
    if "Image Encryption is on" in found:
        raise StepFailed(f"its reason is still “{found}”: {owner.text[:300]}")


def switch(control: str, name: str, **change: object) -> None:
    """Changes the camera of that name at the simulated EZVIZ."""
    cameras = requests.get(f"{control}/_control", timeout=ANSWER_S).json()["cameras"]
    serial = next(camera["serial"] for camera in cameras if camera["name"] == name)
    requests.post(f"{control}/_control/{serial}", json=change, timeout=ANSWER_S).raise_for_status()


def _asks(owner: Owner) -> int:
    """Raises StepFailed unless asks were noted, and of the refused camera with the reason."""
    asks = len(re.findall("<strong>(?:Alexa|Google)", owner.page))
    if not asks or f"Image Encryption is on for {REFUSED}" not in owner.text:
        raise StepFailed(f"the page says: {owner.text[:400]}")
    return asks


def _other_household(place: Place) -> tuple[Linking, dict[str, str], Owner]:
    linking = Linking(place.web, place.authorities, "alexa", place.secrets["alexa"], REDIRECTS["alexa"])
    tokens = dict(linking.redeem(linking.agree(linking.sign_in(STRANGER, PASSWORD))).json())
    other = Owner(place.web, place.authorities).sign_in(STRANGER)
    if THEIRS not in other.cameras or REFUSED in other.page:
        raise StepFailed(f"it shows {', '.join(other.cameras)}")
    return linking, tokens, other


def _link(owner: Owner) -> str:
    return str(re.findall(r'id="link-([^"]+)"', owner.page)[0])
