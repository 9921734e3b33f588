"""Walks the whole path against the deployed functions: linking, discovery, a picture, a refusal's card, unlinking."""

import time
from typing import Any

import requests

from aws.deploy_local import picture
from aws.deploy_local.alexa import Alexa, summary
from aws.deploy_local.amazon import Amazon
from aws.deploy_local.google import Google
from aws.deploy_local.linking import Linking
from aws.deploy_local.place import PASSWORD, REDIRECTS, USER, Place
from aws.deploy_local.steps import StepFailed, heading, step

SHOWN, REFUSED = "Garden", "Garage"
RENAMED = "Orchard"
REPORTED_S = 60.0
CARD = (1280, 720)  # no simulated camera sends this size


def walk(place: Place) -> None:
    """Raises StepFailed at the first step that is not as it should be."""
    heading("Alexa")
    to_alexa, alexa_tokens = link(place, "alexa")
    echo = Alexa(place.directive, alexa_tokens["access_token"])
    _alexa(place, echo)
    if place.amazon is not None:
        _reports(place.amazon, place.control, echo)
    heading("Google")
    _to_google, google_tokens = link(place, "google")
    display = Google(place.web, place.authorities, google_tokens["access_token"])
    _google(place, display)
    heading("Unlinking")
    _unlink(to_alexa, alexa_tokens, echo, display)


def link(place: Place, client: str) -> tuple[Linking, dict[str, Any]]:
    """Raises StepFailed."""
    linking = Linking(place.web, place.authorities, client, place.secrets[client], REDIRECTS[client])
    with step("Sign in on the linking page") as done:
        page = linking.sign_in(USER, PASSWORD)
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
        done.found = _frames(picture.watch(event["payload"]["cameraStreams"][0]["uri"], place.authorities))
    with step(f"Ask for {REFUSED}, whose Image Encryption is on") as done:
        event = echo.streams(endpoints[REFUSED])
        if event["header"]["name"] != "Response":
            raise StepFailed(f"it was answered {summary(event)}")
        done.found = _reason(picture.watch(event["payload"]["cameraStreams"][0]["uri"], place.authorities))


def _reports(amazon: Amazon, control: str, echo: Alexa) -> None:
    """By the table's stream, the queue and the function on it."""
    with step("Grant Alexa's events") as done:
        grant = {"type": "OAuth2.AuthorizationCode", "code": "a code"}
        event = echo.ask("Alexa.Authorization", "AcceptGrant", {"grant": grant, "grantee": echo.scope})
        if event["header"]["name"] != "AcceptGrant.Response":
            raise StepFailed(f"AcceptGrant was answered {summary(event)}")
        done.found = _reported(amazon, {SHOWN, REFUSED})
    with step(f"Rename {SHOWN} at EZVIZ, and list the cameras again") as done:
        _rename(control, SHOWN, RENAMED)
        amazon.events.clear()
        echo.discover()
        done.found = _reported(amazon, {RENAMED})
    with step("Rename it back"):
        _rename(control, RENAMED, SHOWN)
        amazon.events.clear()
        echo.discover()
        _reported(amazon, {SHOWN})


def _reported(amazon: Amazon, names: set[str]) -> str:
    """Waits until cameras of these names were reported. Raises StepFailed."""
    began = time.monotonic()
    while time.monotonic() - began < REPORTED_S:
        reported = {
            endpoint["friendlyName"]
            for event in list(amazon.events)
            if event["header"]["name"] == "AddOrUpdateReport"
            for endpoint in event["payload"]["endpoints"]
        }
        if names <= reported:
            return f"{', '.join(sorted(names))} reported"
        time.sleep(0.05)
    sent = [event["header"]["name"] for event in amazon.events]
    raise StepFailed(f"within {REPORTED_S:.0f} s there was no report of {', '.join(sorted(names))}, but {sent}")


def _rename(control: str, old: str, new: str) -> None:
    cameras = requests.get(f"{control}/_control", timeout=10).json()["cameras"]
    serial = next(camera["serial"] for camera in cameras if camera["name"] == old)
    requests.post(f"{control}/_control/{serial}", json={"name": new}, timeout=10).raise_for_status()


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
        done.found = _frames(picture.watch(result["states"]["cameraStreamAccessUrl"], place.authorities))
    with step(f"Ask for {REFUSED}, whose Image Encryption is on") as done:
        result = display.streams(devices[REFUSED])
        if result["status"] != "SUCCESS":
            raise StepFailed(f"it was answered {result.get('errorCode', result['status'])}")
        done.found = _reason(picture.watch(result["states"]["cameraStreamAccessUrl"], place.authorities))


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
