"""The demo is an owner's installation but for the lines of these tables, each with its reason."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from showcam.app.compose.demo import HOUSEHOLDS
from showcam.app.process.settings_sources import DEMO
from showcam.app.settings import Settings
from showcam.simulator.camera import Camera
from showcam.simulator.households import demo_world

ROOT = Path(__file__).parents[2]
ROOMS = (
    "actions",
    "oauth",
    *(
        f"showcam/{room}"
        for room in ("accounts", "alexa", "app", "cast", "console", "drivers", "engine", "net", "registry", "store")
    ),
)
DEFAULTS = {"Camera": {field.name: field.default for field in fields(Camera)}}


# By name: the demo's value, and why
SETTINGS = {
    "sign_up": ("invited", "its households are made in advance, and a stranger is still refused"),
    "sign_ins_per_user": ("30", "one person tries both assistants and wrong passwords, under one name and address"),
    "ice_addresses": ("127.0.0.1", "displays and cameras are on this machine"),
    "stun": ("", "the demo asks nobody outside"),
}
# By the function that asks whether this is the demo: what it does otherwise, and why
CODE = {
    "showcam/app/cli/backup.py::_facts": "a backup says whether it is of a demo, whose accounts everybody knows",
    "showcam/app/cli/__init__.py::settings_of": "the demo's data may be deleted by hand: no loss is reported",
    "showcam/app/cli/home.py::announce": "the demo can't be opened to the house, so it does not say how",
    "showcam/app/cli/named_camera.py::unavailable": "the hint names the practice page",
    "showcam/app/cli/output.py::_typed": "a hint that is pasted has to mean the demo too",
    "showcam/app/cli/run.py::_announce": "it prints the practice page's address",
    "showcam/app/cli/run.py::_ports": "the simulator has ports too",
    "showcam/app/cli/run.py::processes": "the simulator is a process too",
    "showcam/app/cli/run.py::run": "the households and clients that everybody knows are made at its start",
    "showcam/app/compose/command.py::built": "the vendor's addresses are the simulator's",
    "showcam/app/compose/command.py::household_of": "without a name, a command means demo@example.com",
    "showcam/app/compose/command.py::is_meant": "without a name, a command means demo@example.com",
    "showcam/app/compose/doctor.py::_endpoints": "the simulated Alexa needs no forwarder",
    "showcam/app/compose/doctor.py::_world": "the doctor of the demo asks nobody outside",
    "showcam/app/compose/doctor.py::reports": "the assistants' addresses are the simulator's",
    "showcam/app/compose/doctor.py::running": "it asks nobody outside, and is told of the demo",
    "showcam/app/compose/doors.py::_signalling": "the simulated display's page is on the simulator's port",
    "showcam/app/compose/doors.py::rules": "it answers 421 to any other name",
    "showcam/app/compose/ground.py::drivers": "the drivers are told of it",
    "showcam/drivers/ezviz/__init__.py::build": "vendor and cameras are here; no camera has to switch RTSP on",
    "showcam/drivers/lan/__init__.py::build": "Barn is on this machine; the demo does not search the house",
    "showcam/app/compose/own_cameras.py::own_cameras_of": "Barn is on this machine",
    "showcam/app/compose/own_cameras.py::endpoint_at": "the demo asks nothing of the house",
    "showcam/app/compose/own_cameras.py::own_cameras": "Barn is on this machine, and so is the vendor",
    "showcam/app/compose/own_pages.py::_of_own_cameras": "the demo does not search the house",
    "showcam/app/compose/own_pages.py::own_pages": "a browser of the demo may have its push service on this machine",
    "showcam/app/compose/phones.py::_rings": "a browser's push service may be on this machine",
    "showcam/app/compose/pages.py::_bind_linking": "the sign-in page is filled in with an account that everybody knows",
    "showcam/app/compose/pages.py::_bind_public": "the front page leads to the practice page",
    "showcam/app/compose/screens.py::finder": "the television is the simulator's, and is not found by mDNS",
    "showcam/app/compose/web.py::_alexa": "the simulated Alexa sends directives without a signature",
    "showcam/app/compose/web.py::_missing": "the simulator is a part that has to serve",
    "showcam/app/data/backup.py::_describe": "a backup says whether it is of a demo, whose accounts everybody knows",
    "showcam/app/data/integrity.py::claim": "the data is marked, so that a real installation refuses it",
    "showcam/app/data/restore.py::fitting": "a demo's backup fits no real installation, nor the other way round",
    "showcam/app/doctor/google.py::_arrive": "the simulated Google has no servers to arrive at",
    "showcam/app/doctor/google.py::_client": "the visitor's address is this machine's",
    "showcam/app/places.py::find": "everybody knows the demo's accounts, so its data stay apart",
    "showcam/app/process/settings_sources.py::load": "its data stay apart, and its settings are those above",
    "showcam/app/process/kept.py::keeps": "nothing is set up in the demo, so no settings are kept",
    "showcam/app/settings.py::Settings.vendor_is_here": "the simulated vendor is on this machine",
    "showcam/app/settings_rules.py::_addresses": "the television is on this machine",
    "showcam/app/settings_rules.py::_numbers": "the simulator has ports too",
    "showcam/app/settings_rules.py::faults": "it refuses public addresses, real vendors and keys",
}
# The simulator is kinder than life here: its value, life, and why
KINDER = {
    "Camera.product": (
        "",
        "a list names few of a camera's abilities, and switches are listed 18 s late",
        "the cameras of demo@example.com show all of showcam; those of real@example.com are listed as a real account's",
    ),
    "Camera.rtsp": ("True", "RTSP at home is off on many models", "the demo shows video at home without that step"),
}


def asking(module: Path) -> Iterator[str]:
    """The functions of a module that ask whether this is the demo."""

    def walk(node: ast.AST, name: str) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            is_named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            inner = ".".join(filter(None, (name, child.name))) if is_named else name  # type: ignore[attr-defined]
            in_settings = isinstance(child, ast.Attribute) and child.attr == "demo"
            if in_settings or (isinstance(child, ast.Constant) and child.value == "showcam.demo"):
                yield f"{module.relative_to(ROOT)}::{name}"
            yield from walk(child, inner)

    text = module.read_text()
    return walk(ast.parse(text), "") if "demo" in text else iter(())


def test_its_settings_are_an_owners_but_for_those_that_are_listed() -> None:
    given = {name: ",".join(map(str, it)) if isinstance(it, list) else str(it) for name, it in DEMO.items()}
    assert {name: value for name, (value, _) in SETTINGS.items()} == given
    assert given.keys() <= {*Settings.__struct_fields__}


def test_each_function_that_asks_whether_this_is_the_demo_is_listed_with_its_reason() -> None:
    found = {spot for room in ROOMS for module in (ROOT / room).rglob("*.py") for spot in asking(module)}
    assert found == CODE.keys()


@pytest.mark.parametrize("what", KINDER)
def test_where_the_simulator_is_kinder_than_life_is_listed_as_it_is(what: str) -> None:
    place, _, name = what.partition(".")
    default = DEFAULTS[place][name]
    assert ("" if default is None else str(default)) == KINDER[what][0]


def test_the_codes_that_its_owners_have_given_are_those_on_the_labels() -> None:
    cameras = demo_world().cameras.values()
    for user, codes in HOUSEHOLDS.items():
        labels = {camera.serial: camera.code for camera in cameras if camera.owner == user and camera.has_door}
        assert codes.items() <= labels.items()
    assert HOUSEHOLDS["demo@example.com"]
