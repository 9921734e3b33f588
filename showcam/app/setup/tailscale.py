"""Tailscale's program: its sign-in, and Funnel, which gives this machine an address on the internet.

https://tailscale.com/docs/reference/tailscale-cli/funnel has the commands. Their outputs were read in Tailscale's
source, cmd/tailscale/cli: up.go, status.go, serve_v2.go, serve_legacy.go. Its daemon keeps the sign-in and a Funnel
with `--bg` over restarts. showcam starts Tailscale's commands with the rights of showcam's user.
"""

import contextlib
import re
from collections.abc import Generator

import msgspec
from msgspec import Struct, field

from showcam.app.setup.address import AddressKeeper
from showcam.app.setup.programs import Program, ProgramFailed, find, last_line
from showcam.console.setup.exposing import TAILSCALES, By, Held, Stage
from showcam.console.setup.recipes import NAME

ANSWER_S = 10.0  # the daemon answers in milliseconds; for a page it asks Tailscale's servers
PORT = 443  # Alexa and Google come by no other
ADMIN = "https://login.tailscale.com/admin/machines"
_LINK = re.compile(r"https://login\.tailscale\.com/[A-Za-z0-9_/?=&.-]{1,300}")
_PRINTED = re.compile(rf"({_LINK.pattern})\s")


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
    """The commands of Tailscale's program."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def node(self) -> Node:
        return self._read(Node, "status", "--json", "--peers=false")

    def served(self) -> Served:
        return self._read(Served, "funnel", "status", "--json")

    def begin(self) -> None:
        """Asks for the page of a sign-in, which `node` has from then on; or connects a machine that was signed in."""
        code, text = self._program.run("up", to_page=True)
        if code:  # None: it waits for the person
            raise _failed(text)

    def open(self, path: str, target: str) -> str:
        """Lets the internet reach `target` at this path. Returns the page that first allows Funnel, "" if none does."""
        code, text = self._program.run(
            "funnel", "--bg", "--yes", f"--https={PORT}", f"--set-path={path}", target, to_page=True
        )
        found = _PRINTED.search(text)  # with the exit code 0, or by a command that waits: enableFeatureInteractive
        if code != 0 and not found:
            raise _failed(text)
        return found[1] if found else ""

    def close(self, path: str) -> None:
        code, text = self._program.run("funnel", f"--https={PORT}", f"--set-path={path}", "off")
        if code != 0:
            raise _failed(text)

    def _read[T](self, kind: type[T], *words: str) -> T:
        code, text = self._program.run(*words)
        if code != 0:
            raise _failed(text)
        begins = text.find("{")  # a warning about versions may come first; `null` is nothing served
        if begins < 0:
            return kind()
        try:
            return msgspec.json.decode(text[begins:], type=kind)
        except msgspec.DecodeError:
            raise ProgramFailed("failed", last_line(text)) from None


def targets(port: int, media_port: int) -> dict[str, str]:
    """The address that each path of the public name leads to.

    Tailscale replaces the path of a mount by the path of its target: github.com/tailscale/tailscale/issues/6571.
    """
    return {"/": f"http://127.0.0.1:{port}", "/s": f"http://127.0.0.1:{media_port}/s"}


class Funnel:
    """The way to a public address by Tailscale. `port` and `media_port` are those of the pages and of the video."""

    by: By = "tailscale"

    def __init__(self, keeper: AddressKeeper, port: int, media_port: int) -> None:
        self._keeper, self._targets, self.name = keeper, targets(port, media_port), ""

    def steps(self) -> Generator[Stage]:
        """Opens the way, and learns its `name`."""
        program = _tailscale()
        while (node := program.node()).state != "Running":
            if node.state == "NeedsMachineAuth":
                yield Stage("approve", link=ADMIN)
            elif node.link:
                yield Stage("sign_in", link=node.link)
            else:
                program.begin()
                yield Stage("working")
        if not node.name:
            raise ProgramFailed("no_name")
        closed = self._closed(program, node.name)
        self._keeper.hold(Held("tailscale", node.name))
        while closed:
            if link := program.open(closed[0], self._targets[closed[0]]):
                yield Stage("allow", link=link)
            elif self._closed(program, node.name) == closed:
                raise ProgramFailed("failed")
            closed = self._closed(program, node.name)
        self.name = node.name

    def undo(self) -> None:
        """Lets go of the record if no path is open. Else the owner decides whether to go on."""
        with contextlib.suppress(ProgramFailed):
            program = _tailscale()
            if self._closed(program, program.node().name) == list(self._targets):
                self._keeper.hold(None)

    def close(self) -> Stage:
        """Closes each path that leads here, and no other program's. Then forgets the address."""
        program = _tailscale()
        name = program.node().name
        there = program.served().targets(name)
        for path, target in reversed(self._targets.items()):
            if there.get(path) == target:
                program.close(path)
        self._keeper.forget()
        return Stage()

    def _closed(self, program: Tailscale, name: str) -> list[str]:
        """Lists the paths that the internet does not reach. Raises ProgramFailed if one leads to another program."""
        served = program.served()
        there = served.targets(name)
        if any(there.get(path, target) != target for path, target in self._targets.items()):
            raise ProgramFailed("taken")
        return [path for path in self._targets if path not in there or not served.is_public(name)]


def _tailscale() -> Tailscale:
    found = find("tailscale")
    if found is None:
        raise ProgramFailed("missing")
    return Tailscale(Program("tailscale", found, _PRINTED, ANSWER_S))


def _failed(text: str) -> ProgramFailed:
    # ipn/localapi: "checkprefs access denied", "serve config denied"
    if "access denied" in text.lower():
        return ProgramFailed("denied")
    if "failed to connect to local tailscaled" in text.lower():  # cli.go: fixTailscaledConnectError
        return ProgramFailed("down")
    return ProgramFailed("failed", last_line(text) or "no answer")
