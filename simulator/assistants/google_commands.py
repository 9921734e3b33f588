"""What a display has showcam do with a camera: its command, its words, and why nobody is asked for what SYNC lacks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.assistants.hearing import Wish, plain
from simulator.assistants.outcome import Outcome, no_answer

TRAITS = "action.devices.traits."
COMMANDS = "action.devices.commands."


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    params: dict[str, Any]
    trait: str
    query_only: str  # the attribute that says that it can only be asked about
    can: str  # "turn Garden off"
    does: str  # "turning Garden off"
    may: str  # what its owner lets a voice do


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
    """Google asks nobody for what was not offered."""
    offered = f"{TRAITS}{wanted.trait}" in device["traits"] and not device["attributes"].get(wanted.query_only)
    if offered and (wanted.params or wanted.name == "Reboot"):
        return None
    why = (
        f"showcam does not offer to {wanted.can}. Where its owner lets a voice do it (voice_may {wanted.may}), "
        "say “sync my devices” and try again."
    )
    return no_answer(f"Sorry, I can't {wanted.can}.", why)


def settings(devices: Iterable[dict[str, Any]]) -> set[str]:
    """What can be said to be on or off of one or another of them."""
    return {said for device in devices for said in _toggles(device)}


def _toggles(device: dict[str, Any]) -> dict[str, str]:
    """As it is said: its name."""
    toggles = device.get("attributes", {}).get("availableToggles", [])
    return {
        plain(said): each["name"]
        for each in toggles
        for values in each["name_values"]
        for said in values["name_synonym"]
    }
