"""The parts of a running showcam, each a process of its own; `showcam run` starts them."""

import click

from showcam.cli import readable, settings_of


@click.command()
@click.pass_context
@readable
def serve(context: click.Context) -> None:
    """Only the web app: linking, Alexa's and Google's endpoints."""
    from showcam.compose import web

    web.serve(settings_of(context))


@click.command()
@click.pass_context
@readable
def media(context: click.Context) -> None:
    """Only the media process: pictures."""
    from showcam.compose import media as plane

    plane.serve(settings_of(context))


@click.command()
@click.pass_context
@readable
def worker(context: click.Context) -> None:
    """Only the worker: keeps camera lists fresh and sweeps what expired."""
    from showcam.compose import worker as loop

    loop.serve(settings_of(context))
