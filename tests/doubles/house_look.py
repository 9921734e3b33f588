"""A look from a house behind a router, in networks of this machine: `python -m tests.doubles.house_look OUTER TEMPER`.

Started in an empty network of its own (`NETWORK`). The router says that its outer address is OUTER; the server on the
internet sees the one that the router really has; no name is found in DNS. Prints as JSON what was found.
"""

import contextlib
import json
import subprocess
import sys

from showcam.compose.machine import look
from showcam.settings import Settings
from tests.doubles.far_away import ROUTER, STUN, networks, run
from tests.doubles.stun_server import PORT

IPV6 = "2a00:1450:1::5"


def main(outer: str, temper: str) -> None:
    with networks() as (router, internet), contextlib.ExitStack() as stack:
        for within, module, *words in (
            (internet, "stun_server", STUN),
            (router, "home_router", ROUTER, outer, temper),
        ):
            command = [*within, sys.executable, "-m", f"tests.doubles.{module}", *words]
            serving = subprocess.Popen(command, stdout=subprocess.PIPE)
            stack.callback(serving.wait)
            stack.callback(serving.kill)
            assert serving.stdout is not None
            serving.stdout.readline()
        run("ip", "addr", "add", f"{IPV6}/64", "dev", "home0", "nodad")
        run("ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "home0")
        looked = look(Settings(stun=(f"{STUN}:{PORT}",)))
        sys.stdout.write(json.dumps({"forwards": looked.forwards, "sentences": looked.sentences}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
