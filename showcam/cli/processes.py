"""The commands that start one process of showcam each; `showcam run` starts them all."""

import click

from showcam.cli import installation, origins_of, readable, settings_of
from showcam.settings import Settings


def _prepared(settings: Settings, process: str) -> Settings:
    """What `showcam run` does before it starts a process, done for one that a person starts."""
    from showcam import extras, keys
    from showcam.data import folder, integrity
    from showcam.process import logs
    from showcam.process.handover import handed_over

    if handed_over() is None:
        if settings.store == "dynamodb":
            extras.need("aws")
        folder.claim(settings)
        logs.start(process, settings)
        integrity.check(settings)
        keys.of(settings)  # raises here rather than in a process that granian starts
    return settings


def _with_port(settings: Settings, port: int, setting: str) -> Settings:
    """Raises CannotStart where a person starts the process and the port is taken."""
    from showcam.process.handover import handed_over
    from showcam.process.supervisor import require_ports

    if handed_over() is None:  # showcam run has looked, and may hold the port for the process
        require_ports(settings.bind, {port: setting})
    return settings


@click.command()
@installation
@click.pass_context
@readable
def serve(context: click.Context) -> None:
    """Start only the web app: linking, Alexa's and Google's endpoints."""
    from showcam.compose import web
    from showcam.process.handover import hand_origins

    settings = _prepared(settings_of(context), "web")
    hand_origins(origins_of(context))
    web.serve(_with_port(settings, settings.port, "SHOWCAM_PORT"))


@click.command()
@installation
@click.pass_context
@readable
def media(context: click.Context) -> None:
    """Start only the media process, which serves pictures."""
    from showcam.compose import media as plane

    settings = settings_of(context, kept=False)  # it opens no store
    plane.serve(_with_port(settings, settings.media_port, "SHOWCAM_MEDIA_PORT"))


@click.command()
@installation
@click.pass_context
@readable
def worker(context: click.Context) -> None:
    """Start only the worker, which keeps camera lists fresh and removes what has expired."""
    from showcam.compose import worker as loop

    settings = _prepared(settings_of(context), "worker")
    loop.serve(settings)
