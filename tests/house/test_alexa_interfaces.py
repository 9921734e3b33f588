"""Each interface of Alexa is one class and one line of the table."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.alexa.interface import HouseholdInterface, Interface
from showcam.alexa.interfaces import household_interfaces, interfaces
from showcam.alexa.texts import LOCALES
from showcam.drivers.camera import Camera, Decided
from showcam.drivers.settings import BY_VOICE
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera

ROOT = Path(__file__).parents[2]


def declared(kind: type[Any]) -> list[Any]:
    """Those of the room; the example of the tests is no part of it."""
    return [interface for interface in kind.__subclasses__() if interface.__module__.startswith("showcam.alexa.")]


OF_CAMERAS, OF_HOUSEHOLDS = declared(Interface), declared(HouseholdInterface)
# class: what it has to declare itself
DECLARES: dict[Any, frozenset[str]] = {
    **dict.fromkeys(OF_CAMERAS, frozenset({"name", "capabilities"})),
    **dict.fromkeys(OF_HOUSEHOLDS, frozenset({"name", "directives"})),
}
# the interface that has no page and no class under its own name
PAGES = {"Alexa": "state-reporting-for-a-smart-home-skill"}
NAMES = {"Alexa": "statereport"}
EACH = pytest.mark.parametrize("interface", DECLARES, ids=lambda interface: interface.__name__)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path)
    yield home
    home.store.close()


@pytest.fixture
def table(home: Household) -> tuple[Interface, ...]:
    return interfaces(home.registry, snapshots=True)


def kind(interface: Interface | HouseholdInterface) -> str:
    return type(interface).__name__


def documentation(interface: Any) -> str:
    kind = interface if isinstance(interface, type) else type(interface)
    return inspect.cleandoc(kind.__doc__ or "")


def test_the_table_has_each_of_them_once(home: Household, table: tuple[Interface, ...]) -> None:
    of_household = household_interfaces(
        home.registry, lambda token: home.link, None, table, lambda link: False, lambda link: None
    )
    assert sorted(map(kind, table)) == sorted(interface.__name__ for interface in OF_CAMERAS)
    assert sorted(map(kind, of_household)) == sorted(interface.__name__ for interface in OF_HOUSEHOLDS)
    names = [interface.name for interface in table] + [interface.name for interface in of_household]
    assert len(set(names)) == len(names)


@EACH
def test_it_is_named_as_amazon_names_it_and_declares_all_of_it(interface: Any) -> None:
    assert NAMES.get(interface.name, interface.name.rpartition(".")[2].lower()) == interface.__name__.lower()
    assert DECLARES[interface] <= vars(interface).keys()


@EACH
def test_it_names_the_page_it_follows(interface: Any) -> None:
    docstring = documentation(interface)
    assert re.match(rf"{re.escape(interface.name)} \d(\.\d)?[:,] ", docstring)
    [page] = re.findall(
        r"^https://developer\.amazon\.com/en-US/docs/alexa/[\w-]+/([\w-]+)\.html$", docstring, re.MULTILINE
    )
    assert page == PAGES.get(interface.name, interface.name.lower().replace(".", "-"))


SETTINGS = ("status_light", "alarm_notification", "offline_notification", "flip", "motion", "person", "asleep")
FULL = camera(
    "Garden",
    kind="doorbell",
    night_vision="smart",
    decided=Decided(voice_may=tuple(BY_VOICE)),
    **dict.fromkeys(SETTINGS, "on"),
)


@pytest.mark.parametrize("shown", [FULL, camera("Shed")], ids=["a camera with everything", "one with little"])
def test_reported_properties_belong_to_the_interface(shown: Camera, table: tuple[Interface, ...]) -> None:
    for interface in table:
        advertised = set()
        for capability in interface.capabilities(shown, LOCALES):
            assert capability.interface == interface.name
            assert documentation(interface).startswith(f"{interface.name} {capability.version}")
            supported = capability.properties.supported if capability.properties else ()
            advertised |= {(supported_property.name, capability.instance) for supported_property in supported}
        stated = {(state.name, state.instance) for state in interface.states(shown)}
        assert stated <= advertised, interface.name
        assert (shown is not FULL) or stated == advertised, interface.name


# what goes out as ask-sdk-core made it
UNTYPED = {"spoken/skill.py"}


def test_outgoing_messages_are_typed_where_they_are_built() -> None:
    room = ROOT / "showcam" / "alexa"
    untyped = {
        file.relative_to(room).as_posix()
        for file in room.rglob("*.py")
        if re.search(r"dict\[str, (Any|object)\]", file.read_text())
    }
    assert untyped == UNTYPED
