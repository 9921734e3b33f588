"""Imports what programs in the tests' hands run, in the process from which they are forked."""

import gc
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

WANTED = (
    "google.oauth2.service_account",
    "PIL.GifImagePlugin",  # as PIL.Image.preinit
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "pyezvizapi.client",
    "segno",
    "showcam.alexa.discovery",
    "showcam.alexa.spoken.skill",
    "showcam.app.compose.command",
    "showcam.app.compose.demo",
    "showcam.app.compose.doctor",
    "showcam.app.compose.media",
    "showcam.app.compose.operators",
    "showcam.app.compose.own_cameras",
    "showcam.app.compose.screens",
    "showcam.app.compose.trace",
    "showcam.app.compose.web",
    "showcam.app.compose.worker",
    "showcam.app.data.restore",
    "showcam.app.process.renewal",
    "showcam.drivers.ezviz.client",
    "showcam.drivers.ezviz.messages",
    "showcam.drivers.lan.driver",
    "showcam.net.mqtt",
    "showcam.registry.owner.departures",
    "showcam.simulator.assistants.screen",
    "tabulate",
    "tests.doubles.simulator_main",
    "tests.doubles.troubled.showcam",
)

sys.path.insert(0, str(Path(__file__).with_name("as_installed")))  # before structlog looks for what is not there
commands = import_module("showcam.app.cli")
for name in (*WANTED, *(module.name for module in iter_modules(commands.__path__, f"{commands.__name__}."))):
    import_module(name)
gc.freeze()  # what is forked need not look for garbage in all that
