"""Walks the whole path against the deployed functions: linking, discovery, a picture, a refusal's card, unlinking."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from scripts.deploy_local import displays
from scripts.deploy_local.assistants import Assistants
from scripts.deploy_local.displays import Alexa, Google, summary
from scripts.deploy_local.emulator import ANSWER_S, PAUSE_S, START_S
from scripts.deploy_local.steps import PASSWORD, REDIRECTS, STRANGER, USER, Place, StepFailed, heading, step


class Linking:
    """Links one assistant's client at the https address `web`, whose certificate is verified with `authorities`."""

    def __init__(self, web: str, authorities: Path, client: str, secret: str, redirect: str) -> None:
        self._web, self._client, self._secret, self._redirect = web, client, secret, redirect
        self.http = requests.Session()
        self.http.verify = str(authorities)
        self.http.trust_env = False
        self._verifier = secrets.token_urlsafe(48)

    def begin(self) -> requests.Response:
        """The page of the sign-in."""
        page = self.authorize()
        if 'name="password"' not in page.text:
            raise StepFailed(f"the sign-in page did not come: {_summary(page)}")
        return page

    def authorize(self) -> requests.Response:
        """The first page of linking; if there are several vendors, the one on which to choose."""
        challenge = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._redirect,
            "scope": "cameras",
            "state": "s" * 300,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return self.http.get(f"{self._web}/oauth/authorize", params=query, timeout=ANSWER_S)

    def sign_in(self, user: str, password: str) -> requests.Response:
        """The page of consent."""
        page = self.begin()
        page = self._post(page, user=user, password=password, step="sign-in")
        if page.is_redirect:
            page = self.http.get(urljoin(page.url, page.headers["Location"]), timeout=ANSWER_S)
        if 'value="agree"' not in page.text:
            raise StepFailed(f"after signing in the page of consent did not come: {_summary(page)}")
        return page

    def choose(self, page: requests.Response, vendor: str) -> requests.Response:
        """The answer to the choice of a vendor among several."""
        return self._post(page, vendor=vendor, step="vendor")

    def came_back(self, address: str) -> requests.Response:
        """The page to which the address leads that a vendor's own page sends the browser to."""
        return self.http.get(address, timeout=ANSWER_S)

    def agree(self, page: requests.Response) -> str:
        """The code."""
        answer = self._post(page, step="agree")
        place = answer.headers.get("Location", "")
        if not answer.is_redirect or not place.startswith(self._redirect):
            raise StepFailed(f"consent did not lead back to the assistant: {_summary(answer)}")
        back = parse_qs(urlsplit(place).query)
        if back.get("state") != ["s" * 300] or "code" not in back:
            raise StepFailed(f"the assistant was handed no code, or another state: {', '.join(back)}")
        return back["code"][0]

    def cancel(self, page: requests.Response) -> str:
        """The OAuth error by which the assistant knows that there is no link."""
        answer = self._post(page, step="cancel")
        return parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("error", [""])[0]

    def redeem(self, code: str) -> requests.Response:
        """The token endpoint's answer."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect}
        return self._ask("token", form | {"code_verifier": self._verifier})

    def refresh(self, token: str) -> requests.Response:
        return self._ask("token", {"grant_type": "refresh_token", "refresh_token": token})

    def revoke(self, token: str) -> requests.Response:
        return self._ask("revoke", {"token": token})

    def delete(self) -> requests.Response:
        """The answer to the form that deletes everything of who has just signed in."""
        page = self.http.get(f"{self._web}/oauth/privacy", timeout=ANSWER_S)
        if 'name="sure"' not in page.text:
            raise StepFailed(f"the page about what is kept has no form: {_summary(page)}")
        return self._post(page, sure="1")

    def _ask(self, what: str, form: dict[str, str]) -> requests.Response:
        form |= {"client_id": self._client, "client_secret": self._secret}
        return requests.post(f"{self._web}/oauth/{what}", form, verify=str(self.http.verify), timeout=ANSWER_S)

    def _post(self, page: requests.Response, **filled: str) -> requests.Response:
        form = Form(page.text)
        fields = [(name, value) for name, value in form.fields if name not in filled] + list(filled.items())
        target = urljoin(page.url, form.action)
        # a browser sends the page's address as Referer, which CSRF protection over https requires
        return self.http.post(target, fields, headers={"Referer": page.url}, allow_redirects=False, timeout=ANSWER_S)


class Form(HTMLParser):
    """The page's form: where it goes, and its fields as they stand."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            if kind not in ("checkbox", "radio", "submit") or (kind != "submit" and "checked" in given):
                self.fields.append((given["name"], given.get("value", "")))


class _Alert(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._in = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = self._in or dict(attrs).get("role") == "alert" or tag == "h1"

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag not in ("p", "div", "h1")

    def handle_data(self, data: str) -> None:
        if self._in:
            self.texts.append(data)


def _summary(page: Any) -> str:
    text = " ".join(" ".join(_Alert(page.text).texts).split()) or page.text[:200]
    return f"{page.status_code}, {text or 'without a text'}"


SHOWN, REFUSED = "Garden", "Garage"
RENAMED = "Orchard"
THEIRS, THEIRS_RENAMED = "Study", "Library"  # of the stranger
LOGOUT = "/v3/users/logout/v2"  # of EZVIZ's API
CARD = (1280, 720)  # no simulated camera sends this size


def walk(place: Place) -> None:
    """Raises StepFailed at the first step that fails."""
    heading("Alexa")
    to_alexa, alexa_tokens = link(place, "alexa")
    echo = Alexa(place.directive, alexa_tokens["access_token"])
    _alexa(place, echo)
    if place.assistants is not None:
        _reports(place.assistants, place.control, echo)
    heading("Google")
    _to_google, google_tokens = link(place, "google")
    display = Google(place.web, place.authorities, google_tokens["access_token"])
    _google(place, display)
    if place.operators is not None:
        heading("Support")
        _support(place.operators)
    heading("Unlinking")
    _unlink(to_alexa, alexa_tokens, echo, display)
    heading("Somebody whom nobody has added")
    _stranger(place)


def link(place: Place, client: str, user: str = USER) -> tuple[Linking, dict[str, Any]]:
    """Raises StepFailed."""
    linking = Linking(place.web, place.authorities, client, place.secrets[client], REDIRECTS[client])
    with step("Sign in on the linking page") as done:
        page = linking.sign_in(user, PASSWORD)
        done.found = f"{len(linking.http.cookies)} cookies, all kept"
    with step("Agree, and be led back with a code"):
        code = linking.agree(page)
    with step("Change the code for tokens") as done:
        tokens = _json(linking.redeem(code))
        done.found = ", ".join(sorted(set(tokens) & {"access_token", "refresh_token"}))
        if {"access_token", "refresh_token"} - set(tokens):
            raise StepFailed("an access token and a refresh token are wanted")
    with step("Refresh the access token"):
        tokens |= _json(linking.refresh(tokens["refresh_token"]))
    return linking, tokens


def _alexa(place: Place, echo: Alexa) -> None:
    with step("Discover") as done:
        endpoints = {endpoint["friendlyName"]: endpoint for endpoint in echo.discover()}
        done.found = _names(endpoints)
    with step(f"Show {SHOWN}") as done:
        event = echo.streams(endpoints[SHOWN])
        if event["header"]["name"] != "Response":
            raise StepFailed(f"InitializeCameraStreams was answered {summary(event)}")
        done.found = _frames(displays.watch(event["payload"]["cameraStreams"][0]["uri"], place.authorities))
    with step(f"Ask for {REFUSED}, whose Image Encryption is on") as done:
        event = echo.streams(endpoints[REFUSED])
        if event["header"]["name"] != "Response":
            raise StepFailed(f"it was answered {summary(event)}")
        done.found = _reason(displays.watch(event["payload"]["cameraStreams"][0]["uri"], place.authorities))


def _reports(assistants: Assistants, control: str, echo: Alexa) -> None:
    """By the table's stream, the queue and the function on it."""
    with step("Grant Alexa's events") as done:
        grant = {"type": "OAuth2.AuthorizationCode", "code": "a code"}
        event = echo.ask("Alexa.Authorization", "AcceptGrant", {"grant": grant, "grantee": echo.scope})
        if event["header"]["name"] != "AcceptGrant.Response":
            raise StepFailed(f"AcceptGrant was answered {summary(event)}")
        done.found = reported(assistants, {SHOWN, REFUSED})
    with step(f"Rename {SHOWN} at EZVIZ, and list the cameras again") as done:
        _rename(control, SHOWN, RENAMED)
        assistants.events.clear()
        echo.discover()
        done.found = reported(assistants, {RENAMED})
    with step("Rename it back"):
        _rename(control, RENAMED, SHOWN)
        assistants.events.clear()
        echo.discover()
        reported(assistants, {SHOWN})


def reported(assistants: Assistants, names: set[str]) -> str:
    """Waits until cameras of these names were reported. Raises StepFailed."""
    began = time.monotonic()
    while time.monotonic() - began < START_S:
        reported = {
            endpoint["friendlyName"]
            for event in list(assistants.events)
            if event["header"]["name"] == "AddOrUpdateReport"
            for endpoint in event["payload"]["endpoints"]
        }
        if names <= reported:
            return f"{', '.join(sorted(names))} reported"
        time.sleep(PAUSE_S)
    sent = [event["header"]["name"] for event in assistants.events]
    raise StepFailed(f"within {START_S} s there was no report of {', '.join(sorted(names))}, but {sent}")


def _rename(control: str, old: str, new: str) -> None:
    cameras = requests.get(f"{control}/_control", timeout=ANSWER_S).json()["cameras"]
    serial = next(camera["serial"] for camera in cameras if camera["name"] == old)
    requests.post(f"{control}/_control/{serial}", json={"name": new}, timeout=ANSWER_S).raise_for_status()


def _google(place: Place, display: Google) -> None:
    with step("SYNC") as done:
        devices = {device["name"]["name"]: device["id"] for device in display.sync()}
        done.found = _names(devices)
    with step("QUERY") as done:
        state = display.query(devices[SHOWN])
        if not state.get("online"):
            raise StepFailed(f"{SHOWN} is online at EZVIZ, and it was answered {state}")
        done.found = f"{SHOWN} is online"
    with step(f"Show {SHOWN}") as done:
        result = display.streams(devices[SHOWN])
        if result["status"] != "SUCCESS":
            raise StepFailed(f"GetCameraStream was answered {result.get('errorCode', result['status'])}")
        done.found = _frames(displays.watch(result["states"]["cameraStreamAccessUrl"], place.authorities))
    with step(f"Ask for {REFUSED}, whose Image Encryption is on") as done:
        result = display.streams(devices[REFUSED])
        if result["status"] != "SUCCESS":
            raise StepFailed(f"it was answered {result.get('errorCode', result['status'])}")
        done.found = _reason(displays.watch(result["states"]["cameraStreamAccessUrl"], place.authorities))


def _support(operators: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Calls the function for operators with the event that AWS documents, since the emulator does not check IAM."""
    with step("Show the household to support") as done:
        iam = {"userArn": "arn:aws:iam::000000000000:user/support"}
        context = {"requestId": "support", "http": {"method": "POST"}, "authorizer": {"iam": iam}}
        body = json.dumps({"call": "show", "household": USER})
        answer = operators({"version": "2.0", "rawPath": "/", "requestContext": context, "body": body})
        if answer["statusCode"] != 200:
            raise StepFailed(f"it was answered {answer['statusCode']}: {answer['body'][:200]}")
        facts = json.loads(answer["body"])
        reasons = {camera["name"]: camera["refused"].get("alexa", []) for camera in facts["cameras"]}
        if reasons.get(SHOWN) != [] or reasons.get(REFUSED) != ["encryption_on"]:
            raise StepFailed(f"the cameras' reasons are {reasons}")
        done.found = f"{len(facts['links'])} links, {len(reasons)} cameras; {REFUSED} is refused by encryption_on"


def _unlink(to_alexa: Linking, tokens: dict[str, Any], echo: Alexa, display: Google) -> None:
    with step("Revoke Alexa's tokens"):
        answer = to_alexa.revoke(tokens["refresh_token"])
        if answer.status_code != 200:
            raise StepFailed(f"revocation was answered {answer.status_code}: {answer.text[:200]}")
    with step("Ask as Alexa once more") as done:
        event = echo.ask(
            "Alexa.Discovery", "Discover", {"scope": {"type": "BearerToken", "token": tokens["access_token"]}}
        )
        if event["payload"].get("type") != "INVALID_AUTHORIZATION_CREDENTIAL":
            raise StepFailed(f"it was answered {summary(event)}")
        done.found = f"refused, {summary(event)}"
    with step("Refresh as Alexa once more") as done:
        answer = to_alexa.refresh(tokens["refresh_token"])
        if answer.status_code != 400 or answer.json().get("error") != "invalid_grant":
            raise StepFailed(f"it was answered {answer.status_code}: {answer.text[:200]}")
        done.found = "refused, invalid_grant"
    with step("Ask as Google, whose link is another") as done:
        done.found = f"{len(display.sync())} cameras as before"
    with step("Disconnect Google"):
        answered = display.ask("DISCONNECT")
        if answered.status_code != 200:
            raise StepFailed(f"DISCONNECT was answered {answered.status_code}: {answered.text[:200]}")
    with step("Ask as Google once more") as done:
        answered = display.ask("SYNC")
        if answered.status_code != 401:
            raise StepFailed(f"SYNC was answered {answered.status_code}: {answered.text[:200]}")
        done.found = "refused, 401"


def _stranger(place: Place) -> None:
    """Has nothing but an EZVIZ account, as most people who link by themselves."""
    linking, tokens = link(place, "alexa", STRANGER)
    echo = Alexa(place.directive, tokens["access_token"])
    with step("Discover") as done:
        endpoints = {endpoint["friendlyName"]: endpoint for endpoint in echo.discover()}
        done.found = ", ".join(endpoints)
    with step(f"Show {THEIRS}, by the account's own cloud stream") as done:
        event = echo.streams(endpoints[THEIRS])
        if event["header"]["name"] != "Response":
            raise StepFailed(f"InitializeCameraStreams was answered {summary(event)}")
        done.found = _frames(displays.watch(event["payload"]["cameraStreams"][0]["uri"], place.authorities))
    if place.without_media is not None:
        with step(f"Ask for {THEIRS} in a stack without media processes") as done:
            event = Alexa(place.without_media, tokens["access_token"]).streams(endpoints[THEIRS])
            done.found = str(event["payload"].get("message", ""))
            if "Watch it in the EZVIZ app." not in done.found:
                raise StepFailed(f"it was answered {summary(event)}")
    _swept(place, echo)
    with step("Revoke the only link, and be signed out at EZVIZ") as done:
        before = _logouts(place)
        answer = linking.revoke(tokens["refresh_token"])
        if answer.status_code != 200:
            raise StepFailed(f"revocation was answered {answer.status_code}: {answer.text[:200]}")
        done.found = _signed_out(place, before)
    linking, tokens = link(place, "alexa", STRANGER)
    with step("Delete everything"):
        answer = linking.delete()
        if answer.status_code != 200:
            raise StepFailed(f"it was answered {_summary(answer)}")
    with step("Ask as Alexa once more") as done:
        echo = Alexa(place.directive, tokens["access_token"])
        event = echo.ask("Alexa.Discovery", "Discover", {"scope": echo.scope})
        if event["payload"].get("type") != "INVALID_AUTHORIZATION_CREDENTIAL":
            raise StepFailed(f"it was answered {summary(event)}")
        done.found = f"refused, {summary(event)}"


def _swept(place: Place, echo: Alexa) -> None:
    """Renames a camera at EZVIZ. No assistant asks for it, so only the function `sweep` finds the new name."""
    if place.assistants is not None:
        with step("Grant Alexa's events") as done:
            grant = {"type": "OAuth2.AuthorizationCode", "code": "a code"}
            echo.ask("Alexa.Authorization", "AcceptGrant", {"grant": grant, "grantee": echo.scope})
            done.found = reported(place.assistants, {THEIRS})
        _rename(place.control, THEIRS, THEIRS_RENAMED)
        place.assistants.events.clear()
    with step("Sweep") as done:
        swept = place.sweep()
        done.found = ", ".join(f"{count} {what}" for what, count in swept.items())
        if swept.get("read", 0) < 1:
            raise StepFailed(f"no household was read: {done.found}")
    if place.assistants is not None:
        with step(f"{THEIRS} was renamed at EZVIZ before the sweep") as done:
            done.found = reported(place.assistants, {THEIRS_RENAMED})
        _rename(place.control, THEIRS_RENAMED, THEIRS)


def _logouts(place: Place) -> int:
    if not place.control:
        return 0
    return int(requests.get(f"{place.control}/_control", timeout=ANSWER_S).json()["calls"].get(LOGOUT, 0))


def _signed_out(place: Place, before: int) -> str:
    """Waits until EZVIZ was called to end a session. Raises StepFailed."""
    if not place.control:
        return ""
    began = time.monotonic()
    while time.monotonic() - began < START_S:
        if _logouts(place) > before:
            return "one session ended there"
        time.sleep(PAUSE_S)
    raise StepFailed(f"within {START_S} s no session was ended at EZVIZ")


def _json(answer: Any) -> dict[str, Any]:
    if answer.status_code != 200:
        raise StepFailed(f"the token endpoint answered {answer.status_code}: {answer.text[:200]}")
    return dict(answer.json())


def _names(found: dict[str, Any]) -> str:
    missing = {SHOWN, REFUSED} - set(found)
    if missing:
        raise StepFailed(f"{', '.join(sorted(missing))} is missing; there are {', '.join(sorted(found)) or 'none'}")
    return f"{len(found)} cameras: {', '.join(found)}"


def _reason(picture_size: tuple[int, int, int]) -> str:
    """Raises StepFailed for another picture than the card that a reason is written on."""
    if picture_size[:2] != CARD:
        raise StepFailed(f"not the reason was shown, but {_frames(picture_size)}")
    return f"the reason is shown, {_frames(picture_size)}"


def _frames(picture_size: tuple[int, int, int]) -> str:
    width, height, frames = picture_size
    return f"{frames} frames of {width}×{height} decoded"
