"""Ports for programs that listen a while later: nobody else gets them."""

import subprocess
import sys
from contextlib import ExitStack
from subprocess import PIPE

from scripts.deploy_local.emulator import ROOT, free_ports

ASKS = "from scripts.deploy_local.emulator import free_ports; print(*(free_ports(8) for _ in range(50))); input()"


def test_no_port_is_given_to_two_who_ask_at_once() -> None:
    with ExitStack() as stack:
        asking = [
            stack.enter_context(
                subprocess.Popen([sys.executable, "-c", ASKS], cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)
            )
            for _ in range(4)
        ]
        firsts = [int(first) for asks in asking if asks.stdout for first in asks.stdout.readline().split()]
        for asks in asking:
            asks.communicate("\n")
    ports = [first + further for first in firsts for further in range(8)]
    assert len(ports) == 4 * 50 * 8
    assert len(set(ports)) == len(ports)


def test_a_port_is_not_given_again_before_all_others() -> None:
    given = [free_ports(3) for _ in range(100)]
    assert len(set(given)) == 100
