"""Tailscale's program: its sign-in, and Funnel, which gives this machine an address on the internet.

https://tailscale.com/docs/reference/tailscale-cli/funnel has the commands. Their outputs were read in Tailscale's
source, cmd/tailscale/cli: up.go, status.go, serve_v2.go, serve_legacy.go. Its daemon keeps the sign-in and a Funnel
with `--bg` over restarts. So showcam starts commands only: with fixed words, by no shell, with its own rights.
"""

import contextlib
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import msgspec
from msgspec import Struct, field

from showcam.console.exposing import TAILSCALES, Why
from showcam.console.recipes import NAME

ANSWER_S = 10.0  # the daemon answers in milliseconds; for a page it asks Tailscale's servers
ENDING_S = 0.5  # a command that has closed its output, or need not wait after it named a page, ends at once
MOST = 256 * 1024  # bytes of an answer
LONGEST_DETAIL = 200
PORT = 443  # Alexa and Google come by no other
_NAME = "tailscale"
ADMIN = "https://login.tailscale.com/admin/machines"
_LINK = re.compile(r"https://login\.tailscale\.com/[A-Za-z0-9_/?=&.-]{1,300}")
_PRINTED = re.compile(rf"({_LINK.pattern})\s")


class TailscaleFailed(Exception):
    """Tailscale refused a command or did not answer. `detail` quotes the output of its program."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}")
        self.why: Why = why
        self.detail = detail


class _Self(Struct):
    name: str = field(name="DNSName", default="")


class _Tailnet(Struct):
    suffix: str = field(name="MagicDNSSuffix", default="")


class Node(Struct):
    """The answer of `tailscale status --json` about this machine (ipn/ipnstate/ipnstate.go: Status)."""

    state: str = field(name="BackendState", default="")
    auth_url: str = field(name="AuthURL", default="")
    own: _Self | None = field(name="Self", default=None)
    tailnet: _Tailnet | None = field(name="CurrentTailnet", default=None)

    @property
    def link(self) -> str:
        """The address of Tailscale's page for the sign-in of this machine; "" without."""
        return self.auth_url if _LINK.fullmatch(self.auth_url) else ""

    @property
    def name(self) -> str:
        """The machine's name, which must lie in the tailnet that Tailscale itself reports; "" without."""
        name = (self.own.name if self.own else "").rstrip(".").lower()
        suffix = f".{self.tailnet.suffix.strip('.').lower()}" if self.tailnet else ""
        valid = suffix.endswith(TAILSCALES) and name.endswith(suffix) and NAME.fullmatch(name) and len(name) <= 253
        return name if valid else ""


class _Handler(Struct):
    proxy: str = field(name="Proxy", default="")


class _Site(Struct):
    handlers: dict[str, _Handler] | None = field(name="Handlers", default=None)


class Served(Struct):
    """The answer of `tailscale funnel status --json` (ipn/serve.go: ServeConfig)."""

    web: dict[str, _Site] | None = field(name="Web", default=None)
    funnel: dict[str, bool] | None = field(name="AllowFunnel", default=None)

    def targets(self, name: str) -> dict[str, str]:
        """The address that each path of the name leads to; "" for a path that leads to a file or a text."""
        site = (self.web or {}).get(f"{name}:{PORT}") or _Site()
        return {path: handler.proxy for path, handler in (site.handlers or {}).items()}

    def is_public(self, name: str) -> bool:
        return bool((self.funnel or {}).get(f"{name}:{PORT}"))


class Tailscale:
    """`program` is absolute."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def node(self) -> Node:
        return self._read(Node, "status", "--json", "--peers=false")

    def served(self) -> Served:
        return self._read(Served, "funnel", "status", "--json")

    def begin(self) -> None:
        """Asks for the page of a sign-in, which `node` has from then on; or connects a machine that was signed in."""
        code, text = self._run("up", to_page=True)
        if code:  # None: it waits for the person
            raise _failed(text)

    def open(self, path: str, target: str) -> str:
        """Lets the internet reach `target` at this path. Returns the page that first allows Funnel, "" if none does."""
        code, text = self._run("funnel", "--bg", "--yes", f"--https={PORT}", f"--set-path={path}", target, to_page=True)
        found = _PRINTED.search(text)  # with the exit code 0, or by a command that waits: enableFeatureInteractive
        if code != 0 and not found:
            raise _failed(text)
        return found[1] if found else ""

    def close(self, path: str) -> None:
        code, text = self._run("funnel", f"--https={PORT}", f"--set-path={path}", "off")
        if code != 0:
            raise _failed(text)

    def _read[T](self, kind: type[T], *words: str) -> T:
        code, text = self._run(*words)
        if code != 0:
            raise _failed(text)
        begins = text.find("{")  # a warning about versions may come first; `null` is nothing served
        if begins < 0:
            return kind()
        try:
            return msgspec.json.decode(text[begins:], type=kind)
        except msgspec.DecodeError:
            raise TailscaleFailed("failed", _last_line(text)) from None

    def _run(self, *words: str, to_page: bool = False) -> tuple[int | None, str]:
        """Runs a command, and returns the exit code and the output.

        The code is None if the command is ended here: it has taken ten seconds, or `to_page` it has named a page and
        waits for the person who visits it.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - fixed words, and a program that `find` found
                [_NAME, *words],  # one file may be both client and daemon, and goes by this name
                executable=self._program,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise TailscaleFailed("failed", str(error.strerror)) from None
        with process:
            text = _read(process, to_page=to_page)
            try:
                return process.wait(ENDING_S), text
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                return None, text


def find() -> Tailscale | None:
    """Finds the program by PATH; None if it is not installed."""
    found = shutil.which(_NAME)
    return Tailscale(Path(found).resolve()) if found and Path(found).is_absolute() else None


def _read(process: subprocess.Popen[bytes], *, to_page: bool) -> str:
    """Returns what the process prints until it ends, or has named a page, or for ten seconds: 256 KiB at most."""
    assert process.stdout is not None
    waiting, text, until = select.poll(), "", time.monotonic() + ANSWER_S
    waiting.register(process.stdout, select.POLLIN)
    while len(text) < MOST and (left_s := until - time.monotonic()) > 0 and waiting.poll(left_s * 1000):
        part = os.read(process.stdout.fileno(), MOST)
        text += part.decode("utf-8", "replace")
        if not part or (to_page and _PRINTED.search(text)):
            break
    return text


def _environment() -> dict[str, str]:
    """Returns the variables for Tailscale's program. By USER it knows the operator (up.go: applyImplicitPrefs)."""
    try:
        user = pwd.getpwuid(os.geteuid())
    except KeyError:  # a container's user without a name
        return {}
    return {"USER": user.pw_name, "HOME": user.pw_dir}


def _failed(text: str) -> TailscaleFailed:
    # ipn/localapi: "checkprefs access denied", "serve config denied"
    if "access denied" in text.lower():
        return TailscaleFailed("denied")
    if "failed to connect to local tailscaled" in text.lower():  # cli.go: fixTailscaledConnectError
        return TailscaleFailed("down")
    return TailscaleFailed("failed", _last_line(text) or "no answer")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:LONGEST_DETAIL] if lines else ""
