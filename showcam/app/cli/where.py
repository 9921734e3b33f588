"""`showcam where` and `showcam health`: the places of this installation, and whether it serves."""

import sys
import time

import click

from showcam.app.cli import Command, settings_file, settings_of, stop
from showcam.app.cli.output import as_json, echo, report

WITHIN_S = 3.0  # a container's engine waits 30 s by default (Dockerfile reference, HEALTHCHECK --timeout)


@click.command(cls=Command)
@as_json
def where() -> None:
    """Print the places of the settings, the data and the keys, and the address if showcam runs. Makes nothing."""
    from showcam.app.on_disk import HERE, version_of
    from showcam.app.process.supervisor import running_at
    from showcam.app.shipped import document

    settings, file = settings_of(kept=False), settings_file().absolute()
    address = running_at(settings.data)
    facts: dict[str, object] = {
        "settings_file": str(file),
        "settings_file_exists": file.exists(),
        "data": str(settings.data.absolute()),
        "keys": str(settings.keys.absolute()),
        "log": str(settings.data.absolute() / "log"),
        "program": str(HERE),
        "documents": str(document("")),
        "version": version_of(),
        "address": address,
    }
    lines = [
        f"Settings file: {file}" + ("" if file.exists() else " (there is none)"),
        f"Data: {facts['data']}" + ("" if settings.data.is_dir() else " (made at the first start)"),
        f"Keys: {facts['keys']}",
        f"Log: {facts['log']}, if it was started at a terminal",
        f"Program: {HERE}, version {facts['version']}",
        f"Documents: {facts['documents']}",
        f"It runs, at {address}" if address else "It does not run: showcam run",
    ]
    report(facts, lines)


@click.command(cls=Command)
@as_json
def health() -> None:
    """Exit with 0 if the showcam that runs on this data serves everything, with 1 if not. For a container's engine."""
    from showcam.app.process.supervisor import answers, running_at

    settings = settings_of(kept=False)
    address = running_at(settings.data)
    if address is None:
        stop(f"no showcam runs on this data ({settings.data.absolute()})", code=1)
    began = time.monotonic()
    host, _, port = address.removeprefix("http://").rpartition(":")
    well = answers(host.strip("[]"), int(port), "/healthz", WITHIN_S)
    facts = {"healthy": well, "address": address, "seconds": round(time.monotonic() - began, 3)}
    report(facts, [f"{address} serves" if well else f"{address} does not answer 200"])
    if not well:
        echo("Its log says why: showcam doctor", err=True)
        sys.exit(1)
