"""Every command that prints facts prints them as JSON, too."""

from collections.abc import Iterator

import click
import pytest

from showcam.app.cli import main

# They change something and print what they did, start a process, or write a file that another program reads.
WITHOUT_FACTS = {
    *("run", "serve", "media", "worker"),
    *("owner add", "owner set"),
    *("cameras add", "cameras code", "cameras restart", "cameras set"),
    *("clients remove", "outbox drop", "outbox retry", "pin clear", "pin set"),
    *("settings apply", "settings set", "settings unset"),
    *("alexa package", "trace"),
}


def commands(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{before}{name}", command


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_prints_facts_has_the_option_json(name: str) -> None:
    has_json = any("--json" in parameter.opts for parameter in COMMANDS[name].params)
    assert has_json is (name not in WITHOUT_FACTS)


def test_each_exception_is_a_command() -> None:
    assert COMMANDS.keys() >= WITHOUT_FACTS
