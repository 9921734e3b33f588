"""Rings at the doorbell of a household that has nothing but an EZVIZ account: a listener takes the press, and each
assistant hears of it once."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import requests

from scripts.deploy_local.assistants import Assistants
from scripts.deploy_local.displays import Alexa, Google
from scripts.deploy_local.emulator import ANSWER_S, PAUSE_S, START_S
from scripts.deploy_local.owner import switch
from scripts.deploy_local.steps import STRANGER, Place, StepFailed, heading, step
from scripts.deploy_local.walk import link, reported

BELL = "Front Door"
BEGUN = "/api/push/start"  # of EZVIZ's API, called before each connection to its broker
AGAIN_S = 2.0  # the listener reads the list of messages twice in this time, and a report follows within a second


def ring(place: Place) -> None:
    """Raises StepFailed at the first step that fails."""
    if place.listener is None or place.assistants is None:
        return
    heading("A listener")
    with ExitStack() as held:
        held.enter_context(_shared(place.control))
        linking, tokens = link(place, "alexa", STRANGER)
        with step("Grant Alexa's events") as done:
            place.assistants.events.clear()
            echo = Alexa(place.directive, tokens["access_token"])
            echo.discover()
            grant = {"type": "OAuth2.AuthorizationCode", "code": "a code"}
            echo.ask("Alexa.Authorization", "AcceptGrant", {"grant": grant, "grantee": echo.scope})
            done.found = reported(place.assistants, {BELL})
        before = connections(place.control)
        with step("Start a listener, with the environment of its task"):
            held.enter_context(place.listener())
        _, google_tokens = link(place, "google", STRANGER)
        with step("SYNC"):
            Google(place.web, place.authorities, google_tokens["access_token"]).sync()
        with step("Wait until it listens to the household's messages"):
            _await(lambda: connections(place.control) > before, lambda: "it did not connect to EZVIZ's broker")
        with step(f"Ring at {BELL}") as done:
            done.found = _rung(place.control, place.assistants)
    with step("Delete everything"):
        answer = linking.delete()
        if answer.status_code != 200:
            raise StepFailed(f"it was answered {answer.status_code}")


def connections(control: str) -> int:
    """How often a connection to EZVIZ's broker was begun."""
    return int(requests.get(f"{control}/_control", timeout=ANSWER_S).json()["calls"].get(BEGUN, 0))


@contextmanager
def _shared(control: str) -> Iterator[None]:
    """The household of STRANGER sees BELL meanwhile."""
    switch(control, BELL, shared_with=[STRANGER])
    try:
        yield
    finally:
        switch(control, BELL, shared_with=[])


def _rung(control: str, assistants: Assistants) -> str:
    """Raises StepFailed unless Alexa's event gateway and HomeGraph are told of one press, once each."""
    began = time.monotonic()
    switch(control, BELL, person=True, press=True)  # who comes to the door is pushed, the press is only listed
    _await(
        lambda: bool(assistants.presses and assistants.chimes),
        lambda: f"the presses at Alexa are {len(assistants.presses)}, at HomeGraph {len(assistants.chimes)}",
    )
    took_s = time.monotonic() - began
    time.sleep(AGAIN_S)
    if (len(assistants.presses), len(assistants.chimes)) != (1, 1):
        raise StepFailed(f"Alexa was told {len(assistants.presses)} times, HomeGraph {len(assistants.chimes)} times")
    return f"after {took_s:.1f} s Alexa's event gateway and HomeGraph have it, once"


def _await(is_there: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    """Raises StepFailed."""
    late = time.monotonic() + START_S
    while not is_there():
        if time.monotonic() > late:
            raise StepFailed(f"within {START_S} s {otherwise()}")
        time.sleep(PAUSE_S)
