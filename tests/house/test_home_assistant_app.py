"""The app of Home Assistant: its files have the keys, the values and the sizes that Home Assistant documents."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).parents[2]
APP = ROOT / "ship/home-assistant"
CONFIG: dict[str, Any] = yaml.safe_load((APP / "config.yaml").read_text())
REPOSITORY: dict[str, Any] = yaml.safe_load((ROOT / "repository.yaml").read_text())

# What each key of config.yaml may hold: https://developers.home-assistant.io/docs/apps/configuration
REQUIRED = {"name": str, "version": str, "slug": str, "description": str, "arch": list}
TEXTS = """url startup webui boot homeassistant hassio_role image ingress_entry panel_icon panel_title
backup backup_pre backup_post stage watchdog"""
FLAGS = """host_network host_ipc host_dbus host_pid host_uts hassio_api homeassistant_api docker_api
full_access apparmor audio video gpio usb uart udev devicetree kernel_modules stdin legacy tmpfs
auth_api ingress ingress_stream panel_admin init realtime journald"""
LISTS = "machine devices privileged map discovery services backup_exclude breaking_versions"
TABLES = "ports ports_description environment options schema ulimits"
KEYS: dict[str, type] = {
    **REQUIRED,
    **dict.fromkeys(TEXTS.split(), str),
    **dict.fromkeys(FLAGS.split(), bool),
    **dict.fromkeys(LISTS.split(), list),
    **dict.fromkeys(TABLES.split(), dict),
    "timeout": int,
    "ingress_port": int,
}
# the same page, and home-assistant/supervisor, supervisor/addons/validate.py
VALUES = {
    "slug": r"[-_.A-Za-z0-9]+",
    "image": r"[a-z0-9.-]+(/[a-z0-9_-]+)+",  # without a tag, which is the version
    "stage": "stable|experimental|deprecated",
    "backup": "hot|cold",
    "panel_icon": "mdi:[a-z0-9-]+",
    "watchdog": r"(https?|tcp)://\[HOST\]:\[PORT:\d+\].*",
}
# Each of these gives an app more than a container has, and takes points of the app's rating or adds a warning:
# https://developers.home-assistant.io/docs/apps/presentation#security
RIGHTS = """apparmor auth_api devices devicetree docker_api full_access gpio hassio_api hassio_role homeassistant_api
host_dbus host_ipc host_pid host_uts journald kernel_modules map privileged realtime uart udev usb video"""


def test_each_key_is_documented_and_holds_what_its_documentation_says() -> None:
    assert {name: value for name, value in CONFIG.items() if not isinstance(value, KEYS.get(name, ()))} == {}
    assert REQUIRED.keys() - CONFIG.keys() == set()
    assert {*CONFIG["arch"]} <= {"aarch64", "amd64"}
    assert all(isinstance(value, str) for value in CONFIG["environment"].values())


@pytest.mark.parametrize("name", VALUES)
def test_a_value_has_its_documented_form(name: str) -> None:
    assert re.fullmatch(VALUES[name], CONFIG[name])


def test_it_asks_for_no_right() -> None:
    assert CONFIG.keys() & {*RIGHTS.split()} == set()


def test_its_version_is_showcams() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (CONFIG["version"], CONFIG["name"]) == (project["version"], project["name"])


def test_ingress_and_the_watchdog_ask_at_the_port_of_the_image() -> None:
    containerfile = (ROOT / "ship/Containerfile").read_text()
    assert f"EXPOSE {CONFIG['ingress_port']} " in containerfile
    assert f"[PORT:{CONFIG['ingress_port']}]/healthz" in CONFIG["watchdog"]


def test_the_store_finds_one_app_in_the_repository() -> None:
    """The store takes every config file but those in a folder `rootfs` or with a dot (supervisor/store/data.py)."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    found = [name for name in listed if re.search(r"(^|/)config\.(json|ya?ml)$", name)]
    assert found == ["ship/home-assistant/config.yaml"]
    assert REPOSITORY.keys() <= {"name", "url", "maintainer"}
    assert REPOSITORY["name"] == CONFIG["name"]
    assert REPOSITORY["url"] == CONFIG["url"]


def test_its_pictures_have_the_recommended_sizes() -> None:
    for name, size in {"icon.png": (128, 128), "logo.png": (250, 100)}.items():
        with Image.open(APP / name) as picture:
            assert (picture.format, picture.size) == ("PNG", size)


def test_it_has_nothing_that_needs_a_translation() -> None:
    """Home Assistant translates the names of an app's options and ports, and nothing else."""
    assert CONFIG.keys() & {"options", "schema", "ports", "ports_description"} == set()
