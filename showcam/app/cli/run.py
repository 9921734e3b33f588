"""`showcam run`: everything on this machine, until Ctrl-C; and `serve`, `media`, `worker`, which start one process."""

import json
import os
import sys
import time
import webbrowser
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from showcam.app.cli import Command, guide, origins_of, settings_of
from showcam.app.cli.output import echo, elsewhere
from showcam.app.process.supervisor import Listener, Process
from showcam.app.settings import Settings
from showcam.app.settings_rules import SIMULATED_PORTS
from showcam.net.addresses import in_url

if TYPE_CHECKING:
    from showcam.app.process.renewal import Renewal

# -P: no file of the current folder can be imported in place of a module
_PYTHON = (sys.executable, "-P", "-m")
_STARTED = time.time()


@click.command(cls=Command)
@click.option("--port", type=int, help="Port of the web app (SHOWCAM_PORT; default: 8080).")
def run(port: int | None) -> None:
    """Start showcam and serve until Ctrl-C."""
    from showcam.app import extras
    from showcam.app.compose import demo as practice
    from showcam.app.compose.command import prepare
    from showcam.app.data import integrity
    from showcam.app.process import logs
    from showcam.app.process.supervisor import Supervisor, only_one, require_ports

    settings = settings_of()
    if settings.demo:
        extras.need("demo")
    integrity.claim(settings)
    logs.start("supervisor", settings)
    address = f"http://{in_url(settings.own_host)}:{settings.port}"
    with only_one(settings.data / "run", address), integrity.watched(settings):
        require_ports(settings.bind, _ports(settings))
        if settings.demo:
            echo("Starting the demo …", err=True)
            settings = practice.prepare(settings)
            practice.renew(settings)
        else:
            prepare(settings)
            settings = _decided(settings)
        supervisor = Supervisor(processes(settings, origins_of()), renewal=_renewal(settings))
        code = supervisor.run(partial(_announce, settings))
    echo("All ended.", err=True)
    sys.exit(code)


def _decided(settings: Settings) -> Settings:
    """The settings, after a person at the terminal has said whether the house may open the page of the cameras."""
    from showcam.app.obstacles import in_container
    from showcam.app.process.home_address import decide, undecided
    from showcam.net.addresses import own_addresses

    if not undecided(settings, origins_of()):
        return settings
    if in_container(os.environ) and not sys.stdin.isatty():
        echo(
            "In a container showcam does not guess who may open the page of your cameras, so only this container "
            "reaches it. SHOWCAM_BIND=0.0.0.0 opens it.",
            err=True,
        )
        return settings

    def ask() -> bool:
        return click.confirm(
            "May telephones and computers in your house open the page of your cameras?", True, err=True
        )

    to_house = decide(settings, origins_of(), ask if sys.stdin.isatty() else None, own_addresses)
    if to_house:
        echo("The house reaches it. For this machine alone: showcam settings set bind 127.0.0.1", err=True)
    return settings_of()


def _renewal(settings: Settings) -> "Renewal | None":
    from showcam.app.compose.command import pictures
    from showcam.app.process.kept import keeps
    from showcam.app.process.renewal import Renewal
    from showcam.engine.messages import MediaUnavailable

    if not keeps(settings):
        return None
    media = pictures(settings)

    def watched() -> bool:
        try:
            return media.live("") > 0
        except MediaUnavailable:
            return False

    def environs() -> dict[str, dict[str, str]]:
        # the sockets stay at their present address until the next start
        now = replace(settings_of(), bind=settings.bind)
        return {process.name: process.environ for process in processes(now, origins_of())}

    return Renewal(settings.data / "run", environs, watched)


def _ports(settings: Settings) -> dict[int, str]:
    ports = {settings.port: "SHOWCAM_PORT"}
    if settings.own_media:
        ports |= {settings.media_port: "SHOWCAM_MEDIA_PORT"}
    if settings.demo:
        ports |= {settings.simulator_port + offset: "SHOWCAM_SIMULATOR_PORT" for offset in range(SIMULATED_PORTS)}
    return ports


def processes(settings: Settings, origins: Mapping[str, str] | None = None) -> list[Process]:
    """`origins`: which settings files, variables and options give, for the pages that show settings."""
    from showcam.app.process.handover import ORIGINS, STARTED, environment
    from showcam.app.process.kept import keeps
    from showcam.app.setup import cloudflare

    def process(name: str, words: list[str], port: int | None, *, first: bool = False) -> Process:
        health = (port, "/healthz") if port else None
        return Process(name, [*_PYTHON, *words], settings.own_host, health, environment(name, settings), first=first)

    web = process("web", ["showcam", "serve"], settings.port)
    web.listener = Listener(settings.bind, settings.port)
    web.environ |= {ORIGINS: json.dumps(dict(origins or {})), STARTED: str(_STARTED)}
    processes = [process("worker", ["showcam", "worker"], None), web]
    if settings.own_media:
        media = process("media", ["showcam", "media"], settings.media_port)
        media.listener = Listener(settings.bind, settings.media_port)
        processes.insert(0, media)
    if keeps(settings):
        tunnel = cloudflare.environment(settings)
        processes.append(Process("cloudflared", cloudflare.command(), settings.own_host, None, tunnel, is_others=True))
    if settings.demo:
        words = ["showcam.simulator", "--port", str(settings.simulator_port), "--app-url", settings.web_url]
        words += ["--data", str(settings.data / "simulator")]
        processes.insert(0, process("simulator", words, settings.simulator_port, first=True))
    return processes


def _announce(settings: Settings) -> None:
    """Prints the page to open next as the last line: the practice page, or the page of the cameras."""
    from showcam.app.cli.home import announce  # it brings the store, which the media process has not

    if sys.stderr.isatty():
        echo(f"What happens is written into {settings.data / 'log'}.", err=True)
    if settings.demo:
        if settings.has_console:
            announce(settings, again=elsewhere("showcam home"), since=_STARTED)
        page = f"http://127.0.0.1:{settings.simulator_port}/"
        echo(f"Practice page: {page}")
        echo("Sign in there as demo@example.com with the password showcam-demo. Ctrl-C ends it.")
        # a browser is opened for a person at a terminal, never for a script
        if not os.environ.get("NO_BROWSER") and sys.stdout.isatty():
            webbrowser.open(page)
        return
    if name := _begun(settings):
        echo(
            f"The way to {name} was begun, and not finished. To go on: {elsewhere('showcam expose')}. "
            f"To close it: {elsewhere('showcam expose --stop')}",
            err=True,
        )
    if settings.public_url.startswith("https://") and not settings.trusted_proxies:
        echo(
            "trusted_proxies is empty: visitors who come through a proxy all count as one, so that a stranger's "
            f"wrong passwords can lock out everybody. Name the proxy's address: {guide(settings, 'reachable.md')}",
            err=True,
        )
    if not settings.public_url:
        echo(
            "No public_url is set: this machine can be tried, but no assistant reaches it. "
            f"See {guide(settings, 'reachable.md')}",
            err=True,
        )
    echo(f"showcam serves at {settings.web_url}")
    if settings.has_console:
        announce(settings, again=elsewhere("showcam home"), since=_STARTED)


def _begun(settings: Settings) -> str:
    """The public name of a way that a killed process left unfinished; "" without."""
    from showcam.app.setup.address import AddressKeeper

    held = AddressKeeper(settings, {}).held()
    return held.name if held and not held.closed and settings.public_url != f"https://{held.name}" else ""


def _prepared(settings: Settings, process: str) -> Settings:
    """Prepares the start of a single process, as `showcam run` does before it starts its processes."""
    from showcam.app import extras
    from showcam.app.data import integrity
    from showcam.app.process import logs
    from showcam.app.process.handover import handed_over

    if handed_over() is None:
        if settings.store == "dynamodb":
            extras.need("aws")
        integrity.claim(settings)
        logs.start(process, settings)
        integrity.check(settings)
    return settings


def _with_port(settings: Settings, port: int, setting: str) -> Settings:
    """Raises CannotStart if a person starts the process and the port is taken."""
    from showcam.app.process.handover import handed_over
    from showcam.app.process.supervisor import require_ports

    if handed_over() is None:  # showcam run has looked, and may hold the port for the process
        require_ports(settings.bind, {port: setting})
    return settings


@click.command(cls=Command)
def serve() -> None:
    """Start only the web app: linking, Alexa's and Google's endpoints."""
    from showcam.app.compose import web
    from showcam.app.process.handover import hand_origins

    settings = _prepared(settings_of(), "web")
    hand_origins(origins_of())
    web.serve(_with_port(settings, settings.port, "SHOWCAM_PORT"))


@click.command(cls=Command)
def media() -> None:
    """Start only the media process, which serves pictures."""
    from showcam.app.compose import media as plane

    settings = settings_of(kept=False)  # it opens no store
    plane.serve(_with_port(settings, settings.media_port, "SHOWCAM_MEDIA_PORT"))


@click.command(cls=Command)
@click.option("--listen", is_flag=True, help="Only take EZVIZ's messages, for a share of the households (on AWS).")
def worker(*, listen: bool) -> None:
    """Start only the worker, which keeps camera lists fresh and removes what has expired."""
    from showcam.app.compose import worker as loop

    settings = _prepared(settings_of(), "worker")
    start = loop.listen if listen else loop.serve
    start(settings)
