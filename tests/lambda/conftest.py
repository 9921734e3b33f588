"""The entries as Lambda runs them: from their zips, under AWS's runtime client, on an AWS on this machine."""

import contextlib
import functools
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.deploy_local.emulator import Emulator
from tests.doubles.aws import Cloud
from tests.doubles.aws_stack import Stack, build_stack
from tests.doubles.runtime_api import Environment, bring


@pytest.fixture(scope="session")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bring(tmp_path_factory.mktemp("runtime") / "brought")


@pytest.fixture(scope="session")
def task(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a function, as AWS unpacks its zip."""

    @functools.cache
    def unpack(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        zipfile.ZipFile(packages[name]).extractall(folder)
        return folder

    return unpack


@pytest.fixture(scope="session")
def cloud(aws: Emulator) -> Cloud:
    return Cloud(aws.client)


@pytest.fixture(scope="session")
def stack(aws: Emulator, cloud: Cloud) -> Stack:
    return build_stack(aws, cloud)


@pytest.fixture(scope="module")
def environment(task: Callable[[str], Path], brought: Path, stack: Stack) -> Iterator[Callable[..., Environment]]:
    """Begins an environment of a function, by settings that replace those of the stack ("" takes one away)."""
    with contextlib.ExitStack() as running:

        def begin(function: str, **settings: str) -> Environment:
            environ = {name: value for name, value in (stack.environ | settings).items() if value}
            return running.enter_context(Environment(task(function), f"lambda/{function}.handler", environ, brought))

        yield begin
