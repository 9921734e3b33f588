"""A `cloudflared` that obeys the rules of the real one's command line, and the account that it changes at Cloudflare.

After developers.cloudflare.com/tunnel and cloudflared's source: cmd/cloudflared/tunnel (login.go, subcommands.go,
subcommand_context.go), cfapi/hostname.go, credentials/origin_cert.go, token/transfer.go. The account is a file beside
the program, which a test reads and changes.
"""

import json
import os
import re
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any

ZONE, NAME = "example.org", "cam.example.org"
PAGE = "https://dash.cloudflare.com/argotunnel?aud=&callback=https%3A%2F%2Flogin.cloudflareaccess.org%2FuEhu3xZ_8%3D"
TAKEN = "An A, AAAA, or CNAME record with that host already exists."
FRESH: dict[str, Any] = {
    "zone": "",  # that the person has chosen at the sign-in; "": not signed in yet
    "gives_up": False,  # whether Cloudflare waits for the sign-in no more
    "reaches": True,  # whether Cloudflare can be reached
    "tunnels": {},  # ids by name
    "records": {},  # targets by name
    "after_create": "",  # "killed": the program is killed after Cloudflare has made the tunnel
    "dies": False,  # whether a tunnel that runs ends at once
    "connectors": [],  # process ids of the programs that have run a tunnel
}


class Cloudflared:
    """A folder for PATH with the program `cloudflared`, and the account at Cloudflare."""

    def __init__(self, folder: Path, **state: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.program, self._state = folder / "cloudflared", folder / "cloudflare.json"
        self._calls = folder / "cloudflared-calls"
        self.program.write_text(f"#!{sys.executable} -SP\n{Path(__file__).read_text()}")
        self.program.chmod(0o755)
        self._state.write_text(json.dumps(FRESH | state))

    @property
    def state(self) -> dict[str, Any]:
        return dict(json.loads(self._state.read_text()))

    def change(self, **state: Any) -> None:
        write(self._state, self.state | state)

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def running(self) -> list[int]:
        """The process ids of the tunnels that run."""
        return [pid for pid in self.state["connectors"] if "cloudflared" in command_of(pid)]

    def rules(self, name: str = NAME) -> list[dict[str, str]]:
        """The rules by which the tunnel of a name passes requests on; none if the internet reaches no tunnel."""
        tunnel, running = self.state["records"].get(name, "").removesuffix(".cfargotunnel.com"), self.running()
        if tunnel not in self.state["tunnels"].values() or not running:
            return []
        try:
            environ = Path(f"/proc/{running[-1]}/environ").read_text()
        except OSError:  # it ended just now
            return []
        home = environ.partition("HOME=")[2].partition("\0")[0]
        found = re.findall(
            r"- (?:hostname: (\S+)\s+)?(?:path: (\S+)\s+)?service: (\S+)",
            (Path(home) / ".cloudflared" / "config.yml").read_text(),
        )
        return [{"hostname": host, "path": path, "service": service} for host, path, service in found]


def target_of(rules: list[dict[str, str]], name: str, path: str) -> str:
    """The address that a request is sent to: the first rule that fits, and nothing is rewritten."""
    fits = (rule for rule in rules if rule["hostname"] in ("", name) and re.search(rule["path"], path))
    return next(fits)["service"] + path


def command_of(pid: int) -> str:
    """The command of a process; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def write(file: Path, state: dict[str, Any]) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(json.dumps(state))
    new.replace(file)


def main(words: list[str], state_file: Path) -> None:
    home = Path(os.environ["HOME"]) / ".cloudflared"
    match words:
        case ["tunnel", "login"]:
            login(state_file, home)
        case ["tunnel", "create", "--credentials-file", file, name]:
            create(account(state_file, home), state_file, Path(file), name)
        case ["tunnel", "route", "dns", tunnel, host]:
            route(account(state_file, home), state_file, tunnel, host)
        case ["tunnel", "delete", "-f", tunnel]:
            delete(account(state_file, home), state_file, tunnel)
        case ["tunnel", "--no-autoupdate", "--loglevel", "fatal", "--grace-period", "1s", "run"]:
            run(state_file, home)
        case _:
            sys.exit(f"Incorrect Usage: {words}")


def login(state_file: Path, home: Path) -> None:
    home.mkdir(0o700, exist_ok=True)
    certificate = home / "cert.pem"
    if certificate.exists():
        sys.stdout.write(f"You have an existing certificate at {certificate} which login would overwrite.\n")
        return
    sys.stderr.write(f"Please open the following URL and log in with your Cloudflare account:\n\n{PAGE}\n\n")
    sys.stderr.write("Leave cloudflared running to download the cert automatically.\n")
    sys.stderr.flush()
    while not (state := json.loads(state_file.read_text()))["zone"]:
        if state["gives_up"]:
            sys.exit(
                "Failed to write the certificate due to the following error:\nFailed to fetch resource\n\n"
                f"Your browser will download the certificate instead.\n\n{certificate}\n\nFailed to fetch resource"
            )
        time.sleep(0.05)
    certificate.write_text(json.dumps({"zone": state["zone"]}))
    sys.stdout.write(f"You have successfully logged in.\n{certificate}\n")


def account(state_file: Path, home: Path) -> dict[str, Any]:
    """The account as the certificate opens it: `zone` is the domain that was chosen."""
    if not (home / "cert.pem").exists():
        sys.exit("Error locating origin cert: client didn't specify origincert path")
    state = json.loads(state_file.read_text())
    if not state["reaches"]:
        sys.exit("REST request failed: dial tcp: lookup api.cloudflare.com: no such host")
    return {**state, "zone": json.loads((home / "cert.pem").read_text())["zone"]}


def create(state: dict[str, Any], state_file: Path, file: Path, name: str) -> None:
    if name in state["tunnels"]:
        sys.exit("failed to create tunnel: Create Tunnel API call failed: tunnel with name already exists")
    made = str(uuid.uuid4())
    state["tunnels"][name] = made
    write(state_file, state)
    if state["after_create"] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if file.exists():
        sys.exit(f"failed to create tunnel: {file} already exists")
    file.write_text(json.dumps({"AccountTag": "a1", "TunnelSecret": "c2VjcmV0", "TunnelID": made, "TunnelName": name}))
    sys.stdout.write(f"Tunnel credentials written to {file}. Keep this file secret.\n\n")
    sys.stdout.write(f"Created tunnel {name} with id {made}\n")


def route(state: dict[str, Any], state_file: Path, tunnel: str, host: str) -> None:
    if tunnel not in state["tunnels"]:
        sys.exit(f"{tunnel} is neither the ID nor the name of any of your tunnels")
    target = f"{state['tunnels'][tunnel]}.cfargotunnel.com"
    if host != state["zone"] and not host.endswith(f".{state['zone']}"):
        host = f"{host}.{state['zone']}"
    there = state["records"].get(host)
    if there not in (None, target):
        sys.exit(f"Failed to add route: code: 1003, reason: {TAKEN}")
    state["records"][host] = target
    write(state_file, state)
    said = f"Added CNAME {host} which will route" if there is None else f"{host} is already configured to route"
    last = "to this tunnel" if there is None else "to your tunnel"
    sys.stderr.write(f"2026-12-01T04:30:00Z INF {said} {last} tunnelID={state['tunnels'][tunnel]}\n")


def delete(state: dict[str, Any], state_file: Path, tunnel: str) -> None:
    if tunnel not in state["tunnels"]:
        sys.exit(f"Please specify either the ID or name of a tunnel. The following inputs were neither: {tunnel}")
    del state["tunnels"][tunnel]  # its records stay
    write(state_file, state)


def run(state_file: Path, home: Path) -> None:
    config = dict(re.findall(r"^(\S+): (\S+)$", (home / "config.yml").read_text(), re.MULTILINE))
    credentials = json.loads(Path(config["credentials-file"]).read_text())
    if credentials["TunnelName"] != config["tunnel"]:
        sys.exit("error parsing tunnel ID: it is neither the ID nor the name of any of your tunnels")
    state = json.loads(state_file.read_text())
    write(state_file, {**state, "connectors": [*state["connectors"], os.getpid()]})
    if state["dies"]:
        sys.exit("failed to connect to the edge")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()


if __name__ == "__main__":
    beside = Path(sys.argv[0]).resolve()
    with beside.with_name("cloudflared-calls").open("a") as calls:
        calls.write(" ".join(sys.argv[1:]) + "\n")
    main(sys.argv[1:], beside.with_name("cloudflare.json"))
