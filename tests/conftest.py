"""Fixtures for every room, and what each test is marked as: by its folder, and by what its fixtures start."""

import fcntl
import functools
import gc
import logging
import os
import secrets
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.session
import pytest
import structlog
from werkzeug.routing import Rule

from scripts.deploy_local.emulator import Emulator
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import made_once
from tests.doubles import packages as packages_of_aws
from tests.doubles.needs import SKIPS, left_out
from tests.doubles.new_store import new_store
from tests.doubles.spare_time import SpareTime

# `make check` leaves out all that is marked with one of these
MARKS = {
    "aws": "cloud",
    "bench": "process",
    "browser": "browser",
    "cloud": "cloud",
    "lambda": "cloud",
    "media": "realtime",
    "ship": "ship",
    "simulator": "process",
    "soak": "soak",
    "whole": "process",
}
WAITING = frozenset(MARKS.values())
# fixtures that start a program or an AWS and serve all tests of a module
SHARED = {
    "attacked": "process",
    "aws": "cloud",
    "demo": "process",
    "packages": "cloud",
    "program": "process",
    "simulator": "process",
    "simulator_process": "process",
    "vendor": "process",
}
# fixtures of a single test that make an AWS of its own
ALONE = {"dynamodb": "cloud", "served": "cloud"}
# what `make check` asks for
UNMARKED = "not (browser or cloud or process or realtime or ship or soak)"
# folders whose tests share what takes long to start; both of AWS's package into one folder of the project
ONE_WORKER = {"aws": "aws", "browser": "browser", "cloud": "aws", "lambda": "lambda"}
LONGEST_ID = 60  # characters of a parameter in a test's name
# fixtures of scope "package" of these folders end with the folder's last test; a demo costs its machine also at rest
ENDS = ("browser", "whole")
# begun before all others, for each is the work of one worker for a minute or more: a group, or each test of a file
LONGEST = (
    "aws",
    "browser",
    "tiles",
    "pages",
    "displays",
    "demo",
    "lambda",
    "tests/whole/test_endings.py",
    "tests/whole/test_replayed_household.py",
    "tests/whole/test_hostile_devices.py",
    "tests/whole/test_cloud_stream.py",
    "tests/whole/test_attacks.py",
    "tests/whole/test_trace_command.py",
    "tests/whole/test_local.py",
    "tests/whole/test_keys.py",
    "tests/whole/test_reports.py",
)
# about a quarter each of their folder's time, else one worker walks pages when all others are done; "displays" need no
# demo in common, and each of the other groups is worth one
APART = {
    f"tests/browser/test_{name}.py": group
    for group, names in {
        "displays": (
            "bundles",
            "every_camera",
            "firefox",
            "ice_restart",
            "one_tap",
            "own_proxy",
            "page_views",
            "receiver",
            "ways",
        ),
        "pages": ("camera_page", "console_keyboard", "console_pages", "player"),
        "tiles": ("adding", "home", "home_codes", "tiles_refused", "tiles_seen"),
    }.items()
    for name in names
}
SLOW_TO_START = {"cloud", "aws", "lambda", "packages"}  # folders, and a fixture that workers may wait for
SLOW_S = 600
LEVEL = logging.getLogger().level
SPARE_TIME = SpareTime(os.environ.get("PYTEST_XDIST_WORKER", ""))
# tests write databases by the thousand, and a disk takes milliseconds for each write that must last
MEMORY, MEMORY_FREE = Path("/dev/shm"), 4 << 30  # noqa: S108


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names a long case by its beginning: whole packets and offers would fill the output."""
    return f"{val[:24]!r}..." if isinstance(val, bytes | str) and len(val) > LONGEST_ID else None


def pytest_configure() -> None:
    """Temporary folders are in memory where there is room and programs may be run from there.

    Programs that scripts/*.sh brought are found. Playwright runs on the same Node as other tests: its own Node needs
    libatomic, which a new Debian lacks.
    """
    os.environ["PATH"] = f"{Path(__file__).parents[1] / 'build/bin'}{os.pathsep}{os.environ['PATH']}"
    if node := shutil.which("node"):
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node)
    gc.disable()  # until the tests are collected: what is made until then stays
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        held = os.statvfs(MEMORY)
        if held.f_bavail * held.f_frsize > MEMORY_FREE and not held.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(autouse=True, scope="session")
def forgetful_loggers() -> Iterator[None]:
    """A logger remembers how logs were written when it was first used, and would go on so in other tests."""
    configure = structlog.configure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", lambda **given: configure(**given | {"cache_logger_on_first_use": False}))
        yield


@pytest.fixture(autouse=True, scope="session")
def one_loader_of_aws_models() -> Iterator[None]:
    """Each session of boto3 reads the models of AWS's services again, and moto begins a session for each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        yield


@pytest.fixture(autouse=True, scope="session")
def one_compiler_of_addresses() -> Iterator[None]:
    """Each app of Flask compiles its own sixty rules of addresses, and most tests of pages make an app."""
    kept, compiled = dict[object, Any](), Rule._compile_builder

    def compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:  # they are written into what is compiled
            return compiled(rule, append_unknown)
        what = rule.rule, tuple(rule._trace), append_unknown
        if what not in kept:
            kept[what] = compiled(rule, append_unknown)
        return kept[what]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compiled_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def made_once_for_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Programs that tests start find it too; it goes with the run's temporary folders, among which workers have one."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-once"
    folder.mkdir(mode=0o700, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(made_once.FOLDER, str(folder))
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = new_store(tmp_path / "showcam.db", Sealer([("test", secrets.token_bytes(32))]))
    yield store
    store.close()


@pytest.fixture
def machine_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts this process's clock into a time zone, as the variable TZ of a container does."""

    def put(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """AWS on loopback, one for all tests: each makes what it needs under names of its own."""
    emulator = Emulator(tmp_path_factory.mktemp("aws"))
    yield emulator
    emulator.stop()


@pytest.fixture(scope="session")
def cutter() -> ModuleType:
    return packages_of_aws.cutter()


@pytest.fixture(scope="session")
def packages() -> dict[str, Path]:
    """The zip of each function on AWS; workers take turns, so that the libraries are fetched once."""
    build = packages_of_aws.ROOT / "build"
    build.mkdir(exist_ok=True)
    with (build / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return packages_of_aws.cut()


class Room(pytest.Package):
    """A folder of tests to pytest, though no package to Python: it has no module to be set up."""

    def setup(self) -> None:
        pass


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return Room.from_parent(parent, path=path) if path.parent == Path(__file__).parent and path.name in ENDS else None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Folders all of whose tests are marked are not even imported for `make check`."""
    marked = collection_path.parent == Path(__file__).parent and collection_path.name in MARKS
    return True if marked and config.getoption("markexpr") == UNMARKED else None


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    starts = SHARED | ALONE
    groups, waiting = dict[pytest.Item, str](), set[pytest.Item]()
    for item in items:
        room, path = _place(item.path)
        used = getattr(item, "fixturenames", ())
        given = {mark.name: mark for mark in item.iter_markers()}
        marks = {MARKS.get(room), *(starts[name] for name in (*used, *_engine(item)) if name in starts)} - {None}
        for mark in marks:
            item.add_marker(str(mark))
        if not WAITING.isdisjoint(marks | given.keys()):
            waiting.add(item)
        group = ""
        if room in ONE_WORKER:
            group = APART.get(path, ONE_WORKER[room])
            if "xdist_group" not in given and (file := item.getparent(pytest.Module)):
                file.add_marker(pytest.mark.xdist_group(group))  # its fixtures read it too
        elif room != "media" and (item not in waiting or not SHARED.keys().isdisjoint(used) or _shares(item)):
            group = "demo" if room == "whole" and "demo" in used else path
        if group and room not in ONE_WORKER:
            item.add_marker(pytest.mark.xdist_group(group))
        groups[item] = str(given["xdist_group"].args[0]) if "xdist_group" in given else group
        if not SLOW_TO_START.isdisjoint((room, *used)):
            item.add_marker(pytest.mark.timeout(SLOW_S))
    items.sort(key=_order(groups, waiting))


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before a test's time is counted
def pytest_runtest_protocol() -> Generator[None, bool | None, bool | None]:
    """A command or an entry configures the logs of its whole process, which are other tests' too.

    They are restored here, for a fixture of each test would cost as much as the test's own.
    """
    SPARE_TIME.wait()
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, list(root.handlers)
    try:
        return (yield)
    finally:
        root.handlers = handlers
        if root.level != LEVEL:
            root.setLevel(LEVEL)
        structlog.reset_defaults()


def pytest_collection_finish() -> None:
    """Modules and collected tests live as long as the run: the collector of garbage need not go through them."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """The run's last lines name the tests that were skipped and how to have them run; CI fails for them."""
    yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None:  # a worker, whose reports the run's first process has
        return
    lines = left_out(str(report.longrepr[2]) for report in terminal.stats.get("skipped", []))
    if lines and os.environ.get(SKIPS) == "refused":
        lines.append(f"The run fails for them: {SKIPS}=refused.")
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    for line in lines:
        terminal.write_line(line)


@functools.cache
def _place(file: Path) -> tuple[str, str]:
    """The folder of tests and the path in the project of one file, worked out once for all its tests."""
    path = file.relative_to(Path(__file__).parents[1])
    return path.parts[1], str(path)


def _shares(item: pytest.Item) -> bool:
    """Whether it uses what is made once for the tests of its file, and by each worker that has one of them."""
    made = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
    return any(fixtures[-1].scope == "module" for fixtures in made)


def _order(groups: dict[pytest.Item, str], waiting: set[pytest.Item]) -> Callable[[pytest.Item], tuple[float, ...]]:
    """Groups that wait come first. Behind them each folder's tests that wait are spread among files that compute, so
    that the machine always has something to do; these go on to the end, where no worker waits for another's long test.

    `groups` names for each test the group that one worker takes together, "" for one by itself. The waiting tests of a
    folder are mixed, for those of one file all wait long, or all compute.
    """
    sizes = Counter(groups[item] for item in waiting)
    alone, files = dict[str, list[str]](), dict[str, None]()
    for item, group in groups.items():
        if not group:
            alone.setdefault(_place(item.path)[0], []).append(item.nodeid)
        elif group not in sizes:
            files[group] = None
    mixed = [sorted(room, key=lambda test: zlib.crc32(test.encode())) for room in alone.values()]
    spread = {test: 0.9 * at / len(room) for room in mixed for at, test in enumerate(room)}
    spread |= {file: at / len(files) for at, file in enumerate(reversed(files))}

    def key(item: pytest.Item) -> tuple[float, ...]:
        group = groups[item]
        taken = group or _place(item.path)[1]
        if taken in LONGEST or (group and group in sizes):
            return 0, LONGEST.index(taken) if taken in LONGEST else len(LONGEST), -sizes[group]
        return 1, spread[group or item.nodeid]

    return key


def _engine(item: pytest.Item) -> list[str]:
    """The fixture that a parameter of the store's contract stands for."""
    params = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
    return [
        {"moto": "dynamodb", "ministack": "served"}[backend] for backend in params if backend in ("moto", "ministack")
    ]
