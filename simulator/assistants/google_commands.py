"""Commands of a Google display for a camera, and the refusal of those that SYNC did not offer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.assistants.outcome import Outcome, no_answer
from words.hearing import Wish, plain

TRAITS = "action.devices.traits."
COMMANDS = "action.devices.commands."


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    params: dict[str, Any]
    trait: str
    query_only: str  # the attribute that allows QUERY only
    can: str  # "turn Garden off"
    does: str  # "turning Garden off"
    may: str  # its name in the owner's preference `voice_may`


def command(wish: Wish, device: dict[str, Any]) -> Command:
    name, on, params = device["name"]["name"], wish.about == "on", dict[str, Any]()
    if wish.what == "restart":
        return Command("Reboot", params, "Reboot", "", f"reboot {name}", f"rebooting {name}", "restart")
    if wish.what == "switch":
        words = f"{name} {wish.about}"
        return Command("OnOff", {"on": on}, "OnOff", "queryOnlyOnOff", f"turn {words}", f"turning {words}", "sleep")
    toggle, words = _toggles(device).get(wish.setting, ""), f"{wish.setting} {wish.about} on {name}"
    if toggle:
        params = {"updateToggleSettings": {toggle: on}}
    may = toggle or wish.setting
    return Command("SetToggles", params, "Toggles", "queryOnlyToggles", f"turn {words}", f"turning {words}", may)


def lacking(wanted: Command, device: dict[str, Any]) -> Outcome | None:
    """The outcome of a command that the device does not offer, which Google sends to nobody; None when it does."""
    offered = f"{TRAITS}{wanted.trait}" in device["traits"] and not device["attributes"].get(wanted.query_only)
    if offered and (wanted.params or wanted.name == "Reboot"):
        return None
    why = (
        f"showcam does not offer to {wanted.can}. Where its owner lets a voice do it (voice_may {wanted.may}), "
        "say “sync my devices” and try again."
    )
    return no_answer(f"Sorry, I can't {wanted.can}.", why)


def settings(devices: Iterable[dict[str, Any]]) -> set[str]:
    """The spoken names of everything that is on or off at these devices."""
    return {name for device in devices for name in _toggles(device)}


def _toggles(device: dict[str, Any]) -> dict[str, str]:
    """Spoken name: the toggle's name."""
    toggles = device.get("attributes", {}).get("availableToggles", [])
    return {
        plain(synonym): toggle["name"]
        for toggle in toggles
        for values in toggle["name_values"]
        for synonym in values["name_synonym"]
    }
