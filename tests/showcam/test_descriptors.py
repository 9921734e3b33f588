"""A process may open as many descriptors as the system allows."""

import subprocess
import sys

import pytest

from showcam.process.descriptors import MOST

RAISE = """
import resource, sys
from showcam.process.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "expected"), [(64, 1000, "1000 1000 1000"), (1000, 1000, "1000 1000 1000")])
def test_the_limit_is_raised_to_the_systems(soft: int, hard: int, expected: str) -> None:
    assert hard < MOST
    done = subprocess.run([sys.executable, "-c", RAISE, str(soft), str(hard)], capture_output=True, check=True)
    assert done.stdout.decode().strip() == expected
