"""`showcam cameras snapshot`: a still picture of a camera, as a file."""

from pathlib import Path

import click

from showcam.cli import settings_of, stop
from showcam.cli.named_camera import NamedCamera, on_camera, refused
from showcam.cli.output import echo
from showcam.cli.progress import progress


@click.command()
@on_camera
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def snapshot(named: NamedCamera, file: Path) -> None:
    """Write a picture of the camera NAME, as it is now, into FILE as a JPEG. showcam has to run on this machine."""
    from registry.camera import Refusal
    from showcam.compose.still import taken

    if not file.absolute().parent.is_dir():
        stop(f"There is no folder {file.absolute().parent} to write the picture to.")
    with progress("Taking a picture"):
        picture = taken(settings_of(click.get_current_context()), named.home, named.camera)
    if isinstance(picture, Refusal):
        refused(picture)
    try:
        file.write_bytes(picture)
    except OSError as error:
        stop(f"The picture could not be written to {file}: {error.strerror}")
    echo(f"Picture written to {file}")
