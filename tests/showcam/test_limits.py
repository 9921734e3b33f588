"""A process may open as many descriptors as the system allows, and leaves no core."""

import os
import signal
import subprocess
import sys

import pytest

from showcam.app.process.limits import MOST

pytestmark = pytest.mark.process

RAISE = """
import resource, sys
from showcam.app.process.limits import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "expected"), [(64, 1000, "1000 1000 1000"), (1000, 1000, "1000 1000 1000")])
def test_the_limit_is_raised_to_the_systems(soft: int, hard: int, expected: str) -> None:
    assert hard < MOST
    done = subprocess.run([sys.executable, "-c", RAISE, str(soft), str(hard)], capture_output=True, check=True)
    assert done.stdout.decode().strip() == expected


FORBID = """
import resource, sys
from showcam.app.process.limits import forbid_core
if sys.argv[1] != "as it is":
    resource.setrlimit(resource.RLIMIT_CORE, (int(sys.argv[1]), int(sys.argv[2])))
forbid_core()
print(*resource.getrlimit(resource.RLIMIT_CORE))
"""


@pytest.mark.parametrize(
    ("before", "expected"),
    [(("0", "0"), "0 0"), (("0", "4096"), "1 4096"), (("4096", "4096"), "1 4096"), (("1", "1"), "1 1")],
)
def test_a_core_is_forbidden_whatever_the_system_allows(before: tuple[str, str], expected: str) -> None:
    done = subprocess.run([sys.executable, "-c", FORBID, *before], capture_output=True, check=True)
    assert done.stdout.decode().strip() == expected


CRASH = """
import os, resource
from showcam.app.process.limits import forbid_core
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
forbid_core()
os.abort()
"""


@pytest.mark.proves("A process that crashes writes no memory into a core file", leans_on="system: Linux")
def test_a_process_that_crashes_leaves_no_core() -> None:
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", CRASH], os.environ)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert (os.WTERMSIG(status), os.WCOREDUMP(status)) == (signal.SIGABRT, False)
