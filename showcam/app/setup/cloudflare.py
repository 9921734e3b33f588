"""Cloudflare's program: a tunnel to a name in a domain whose DNS is at Cloudflare.

https://developers.cloudflare.com/tunnel/advanced/local-management/create-local-tunnel/ has the commands. Their outputs
were read in cloudflared's source: cmd/cloudflared/tunnel (login.go, subcommands.go, subcommand_context.go),
cfapi/hostname.go and token/transfer.go. cloudflared gets a home folder among showcam's data. So the program neither
reads nor changes the owner's other tunnels. `showcam run` runs and ends the tunnel.
"""

import re
import secrets
import shutil
from collections.abc import Generator
from pathlib import Path

import structlog
from msgspec.structs import replace as changed

from showcam.app.settings import Settings
from showcam.app.setup.address import AddressKeeper, replace
from showcam.app.setup.programs import Program, ProgramFailed, find, last_line
from showcam.console.setup import recipes
from showcam.console.setup.exposing import By, Held, Stage

log = structlog.get_logger()

ANSWER_S = 60.0  # cloudflared gives Cloudflare's servers 15 s for each of two or three answers
_PAGE = re.compile(r"(https://dash\.cloudflare\.com/argotunnel\?[A-Za-z0-9%&=_.~-]{1,500})\s")
_ROUTED = re.compile(r"(\S+) (?:which will route|updated to route|is already configured to route) to")


class Tunnel:
    """The way to the public address `name` by Cloudflare."""

    by: By = "cloudflare"

    def __init__(self, keeper: AddressKeeper, name: str, port: int, media_port: int) -> None:
        self._keeper, self.name, self._folder = keeper, name, keeper.folder
        self._certificate = self._folder / ".cloudflared" / "cert.pem"

    def steps(self) -> Generator[Stage]:
        """Makes the tunnel and the DNS record. Only `showcam run` then lets anybody in."""
        program = self._cloudflared()
        held = self._keeper.held()
        if held is None or held.closed:
            held = Held("cloudflare", self.name, f"showcam-{secrets.token_hex(4)}")
            self._keeper.hold(held)
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        if not self._certificate.is_file():
            yield from self._sign_in(program)
        yield Stage("working", by="cloudflare")
        if not _credentials(self._folder).is_file():
            self._create(program, held.tunnel)
        self._route(program, held.tunnel)

    def undo(self) -> None:
        held = self._keeper.held()
        if held is not None and (not self._certificate.is_file() or self._deleted(held.tunnel)):
            shutil.rmtree(self._folder, ignore_errors=True)
            self._keeper.hold(None)

    def close(self) -> Stage:
        """Ends the tunnel and deletes it at Cloudflare; cloudflared can't delete the DNS record.

        The record names the rest until the owner presses again.
        """
        held, is_kept = self._keeper.held(), self._keeper.is_kept(self.name)
        left = None
        if held is not None and not held.closed and (is_kept or self._certificate.is_file()):
            left = changed(held, closed=True)
            self._keeper.hold(left)  # showcam run then ends the tunnel
            if self._deleted(held.tunnel):
                left = changed(left, tunnel="")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._keeper.hold(left)
        if is_kept:  # at last: showcam run then ends the process of the page too
            self._keeper.forget()
        if left is None:
            return Stage()
        return Stage("closed", by="cloudflare", detail=left.left)

    def _sign_in(self, program: Program) -> Generator[Stage]:
        with program.waiting("tunnel", "login") as (process, text):
            page = _PAGE.search(text)
            if page is None:
                raise ProgramFailed("failed", last_line(text) or "no answer")
            while process.poll() is None:
                yield Stage("choose", by="cloudflare", link=page[1])
        if not self._certificate.is_file():
            raise ProgramFailed("late")  # transfer.go: it asks ten times for a minute each

    def _create(self, program: Program, tunnel: str) -> None:
        words = ("tunnel", "create", "--credentials-file", str(_credentials(self._folder)), tunnel)
        code, text = program.run(*words)
        if code and "already exists" in text:  # an earlier command was killed before it had written the file
            self._delete(program, tunnel)
            code, text = program.run(*words)
        if code != 0:
            raise ProgramFailed("failed", last_line(text) or "no answer")

    def _route(self, program: Program, tunnel: str) -> None:
        code, text = program.run("tunnel", "route", "dns", tunnel, self.name)
        if code and "already exists" in text:
            raise ProgramFailed("record", self.name)
        made = _ROUTED.search(text)
        if code != 0 or made is None:
            raise ProgramFailed("failed", last_line(text) or "no answer")
        if made[1] != self.name:  # a name outside the domain that was chosen: Cloudflare appends the domain
            raise ProgramFailed("other_domain", made[1])

    def _deleted(self, tunnel: str) -> bool:
        """Deletes the tunnel at Cloudflare, and returns whether none of this name is there."""
        try:
            return self._delete(self._cloudflared(), tunnel)
        except ProgramFailed:
            return False

    def _delete(self, program: Program, tunnel: str) -> bool:
        code, text = program.run("tunnel", "delete", "-f", tunnel)
        return code == 0 or "were neither" in text

    def _cloudflared(self) -> Program:
        found = find("cloudflared")
        if found is None:
            raise ProgramFailed("no_cloudflared")
        return Program("cloudflared", found, _PAGE, ANSWER_S, self._folder)


def environment(settings: Settings) -> dict[str, str]:
    """Returns the variables for `command`, and writes the file that cloudflared reads; empty: no tunnel is to run."""
    keeper = AddressKeeper(settings, {})
    held, credentials = keeper.held(), _credentials(keeper.folder.absolute())
    if held is None or held.closed or held.by != "cloudflare" or settings.public_url != f"https://{held.name}":
        return {}
    recipe = recipes.cloudflare(held.name, settings.port, settings.media_port, held.tunnel, str(credentials))
    try:
        replace(credentials.with_name(".cloudflared") / "config.yml", f"{recipe}\n")
    except OSError as error:  # in a restored backup there is no tunnel
        log.warning("the tunnel can't run", why=str(error))
        return {}
    return {"HOME": str(credentials.parent), "SHOWCAM_TUNNEL": held.tunnel}


def command() -> list[str]:
    # a lower level than fatal would write the addresses of streams into the log
    options = ["--no-autoupdate", "--loglevel", "fatal", "--grace-period", "1s"]
    return [str(find("cloudflared") or "cloudflared"), "tunnel", *options, "run"]


def _credentials(folder: Path) -> Path:
    return folder / "tunnel.json"
