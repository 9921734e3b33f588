"""A `tailscale` that obeys the rules of the real one's command line, and the way in that its Funnel opens.

After tailscale.com/docs/reference/tailscale-cli/funnel and Tailscale's source, cmd/tailscale/cli: up.go, status.go,
serve_v2.go, serve_legacy.go. Its daemon's state is a file beside the program, which a test reads and changes.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

NAME, SUFFIX = "nas.tail1a2b.ts.net", "tail1a2b.ts.net"
LOGIN = "https://login.tailscale.com/a/1a2b3c4d"
ALLOW = "https://login.tailscale.com/f/funnel?node=nABC123"
DOWN = "failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)"
PORTS = (443, 8443, 10000)  # of Funnel
FRESH: dict[str, Any] = {
    "runs": True,  # the daemon
    "operator": True,  # whether the user of the command may change anything
    "state": "NeedsLogin",
    "auth": "",
    "logs_in": True,  # whether Tailscale's servers name the page of a sign-in
    "name": NAME,
    "suffix": SUFFIX,
    "funnel": False,  # whether the tailnet allows Funnel
    "waits": False,  # whether `funnel` waits until it is allowed
    "hangs": False,  # whether `funnel` waits without end after it has opened the path
    "lingers": False,  # whether a command ends a second after its output has
    "served": None,
}


class Tailscale:
    """A folder for PATH with the program `tailscale`, and the state of its daemon."""

    def __init__(self, folder: Path, **state: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.program, self._state = folder / "tailscale", folder / "tailscaled.json"
        self.calls_file = folder / "calls"
        self.program.write_text(f"#!{sys.executable} -SP\n{Path(__file__).read_text()}")
        self.program.chmod(0o755)
        self._state.write_text(json.dumps(FRESH | state))

    @property
    def state(self) -> dict[str, Any]:
        return dict(json.loads(self._state.read_text()))

    def change(self, **state: Any) -> None:
        write(self._state, self.state | state)

    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def mounts(self, name: str = NAME) -> dict[str, str]:
        """The paths that the internet reaches, with their targets."""
        served = self.state["served"] or {}
        if not served.get("AllowFunnel", {}).get(f"{name}:443"):
            return {}
        return {path: row.get("Proxy", "") for path, row in served["Web"][f"{name}:443"]["Handlers"].items()}


def target_of(mounts: dict[str, str], path: str) -> str:
    """The address that a request for a path is sent to: the longest mount wins, and is taken off (issue 6571)."""
    fits = [mount for mount in mounts if f"{path}/".startswith(mount.rstrip("/") + "/")]
    mount = max(fits, key=len)
    return mounts[mount].rstrip("/") + "/" + path.removeprefix(mount.rstrip("/")).lstrip("/")


def write(file: Path, state: dict[str, Any]) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(json.dumps(state))
    new.replace(file)


def main(words: list[str], state_file: Path) -> None:
    state = json.loads(state_file.read_text())
    if not state["runs"]:
        sys.exit(DOWN)
    match words:
        case ["status", "--json", "--peers=false"]:
            own = {"DNSName": f"{state['name']}." if state["name"] else "", "Online": True}
            tailnet = {"Name": "k@example.com", "MagicDNSSuffix": state["suffix"], "MagicDNSEnabled": True}
            known = state["state"] == "Running"
            answer = {"Version": "1.90.1", "BackendState": state["state"], "AuthURL": state["auth"], "Self": own}
            say(answer | {"CurrentTailnet": tailnet if known else None, "Peer": None})
        case ["up"]:
            up(state, state_file)
        case ["funnel", "status", "--json"]:
            say(state["served"])
        case ["funnel", *flags, last]:
            funnel(state, state_file, flags, last)
        case _:
            sys.exit(f"flag provided but not defined: {words}")
    if state["lingers"]:
        sys.stdout.flush()
        os.closerange(1, 3)
        time.sleep(1)
        os._exit(0)


def say(facts: object) -> None:
    sys.stdout.write(json.dumps(facts, indent=2) + "\n")


def up(state: dict[str, Any], state_file: Path) -> None:
    if not state["operator"]:
        sys.exit("Access denied: checkprefs access denied\n\nUse 'sudo tailscale up'.")
    if state["state"] == "Stopped":  # it was signed in before
        write(state_file, state | {"state": "Running"})
        return
    if state["logs_in"]:
        write(state_file, state | {"auth": LOGIN})
        sys.stderr.write(f"\nTo authenticate, visit:\n\n\t{LOGIN}\n\n")
    while json.loads(state_file.read_text())["state"] != "Running":
        time.sleep(0.05)
    sys.stderr.write("Success.\n")


def funnel(state: dict[str, Any], state_file: Path, flags: list[str], last: str) -> None:
    given = dict(flag.removeprefix("--").partition("=")[::2] for flag in flags)
    if unknown := given.keys() - {"bg", "yes", "https", "set-path"}:
        sys.exit(f"flag provided but not defined: -{unknown.pop()}")
    port, mount = int(given["https"]), given.get("set-path", "/")
    if not state["funnel"]:
        sys.stdout.write(f"\nFunnel is not enabled on your tailnet.\nTo enable, visit:\n\n         {ALLOW}\n\n")
        sys.stdout.flush()
        while state["waits"] and not json.loads(state_file.read_text())["funnel"]:
            time.sleep(0.05)
        return
    if port not in PORTS:
        sys.exit(f"Funnel not available; port {port} is not allowed")
    at, served = f"{state['name']}:{port}", state["served"] or {}
    handlers = served.get("Web", {}).get(at, {}).get("Handlers", {})
    if last == "off":
        if mount not in handlers:
            sys.exit("error: failed to remove web serve: handler does not exist\n\ntry `tailscale funnel --help`")
        del handlers[mount]
    elif "bg" not in given or not last.startswith(("http://127.0.0.1:", "http://localhost:")):
        sys.exit("error: failed to apply web serve: invalid target")
    else:
        handlers[mount] = {"Proxy": last}
    if not state["operator"]:
        sys.exit("sending serve config: Access denied: serve config denied\n\nUse 'sudo tailscale funnel'.")
    new = {"TCP": {str(port): {"HTTPS": True}}, "Web": {at: {"Handlers": handlers}}, "AllowFunnel": {at: True}}
    write(state_file, state | {"served": new if handlers else {}})
    while json.loads(state_file.read_text())["hangs"]:
        time.sleep(0.05)


if __name__ == "__main__":
    beside = Path(sys.argv[0]).resolve()
    with beside.with_name("calls").open("a") as calls:
        calls.write(" ".join(sys.argv[1:]) + "\n")
    main(sys.argv[1:], beside.with_name("tailscaled.json"))
