"""Everything on this machine at once: AWS, EZVIZ, the stack between them, and the household it serves."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from scripts.deploy_local import stack as stacks
from scripts.deploy_local.assistants import Assistants, Authority, Front
from scripts.deploy_local.emulator import ANSWER_S, ROOT, START_S, Emulator
from scripts.deploy_local.processes import Listener, Media, Vendor
from scripts.deploy_local.steps import REDIRECTS, USER, Place, StepFailed, heading, step

KEY, KEY_SECRET = "demo-key", "demo-secret"


class Local:
    """Builds everything when entered and ends it when left; its data are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held = ExitStack()

    def __enter__(self) -> Place:
        try:
            return self._built()
        except BaseException:
            self._held.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _built(self) -> Place:
        heading("This machine")
        with step("Start an AWS") as done:
            self.emulator = self._keep(Emulator(self.folder), "stop")
            done.found = self.emulator.url
        with step("Start a simulated EZVIZ") as done:
            vendor = self._keep(Vendor(self.folder), "stop")
            done.found = f"{vendor.app_host}, {vendor.open_host}"
        authority = Authority(self.folder)
        authorities = self.folder / "authorities.pem"
        authorities.write_bytes(authority.pem.read_bytes() + vendor.pem.read_bytes())
        web, pictures = (self._keep(Front(authority), "close") for _ in range(2))
        assistants = self._keep(Assistants(authority), "close")
        heading("The stack")
        with step("Cut the packages, deploy the stack") as done:
            self.stack = stacks.deploy(self.emulator, self.folder, web.url, f"{pictures.url}/*")
            done.found = f"{len(stacks.resources(self.emulator))} resources"
        settings = {
            "ezviz_at": vendor.hosts,
            "assistants_at": assistants.host,
            "ca_file": str(authorities),
            # functions, EZVIZ and cameras share this machine's processors, and start while others work
            "request_s": "9",
        }
        with step("Tell its functions of this EZVIZ, and its secrets"):
            stacks.keep_secrets(self.emulator, assistants.service_account())
            stacks.configure(self.emulator, settings)
        web.upstream, web.host = self.emulator.url, self._api_host()
        self._environ = self._for_processes(settings)
        with step("Ask the stack whether it serves"):
            _require_ready(web.url, authorities)
        with step("Start a media process") as done:
            media = self._keep(Media(self.folder, self._environ | {"SHOWCAM_WEB_INTERNAL_URL": web.url}), "stop")
            pictures.upstream = media.url
            done.found = pictures.url
        with step("Wait for the media process's own report in the table") as done:
            done.found = stacks.reported(self.emulator, self.stack.table)
        with step("Deploy the stack of media processes, with a listener") as done:
            stacks.deploy_media(self.emulator, self.folder, self.stack, web.url)
            done.found = f"{len(stacks.resources(self.emulator, stacks.MEDIA))} resources"
        heading("The household")
        return Place(
            web.url,
            authorities,
            self._directive,
            self._registered(),
            self._sweep,
            assistants,
            self._without_media,
            vendor.control,
            self._operators,
            self._listening,
        )

    def _registered(self) -> dict[str, str]:
        """The clients' secrets."""
        secrets = {}
        for client, redirect in REDIRECTS.items():
            with step(f"showcam clients add {client}"):
                printed = self._command("clients", "add", client, "--redirect-uri", redirect)
                secrets[client] = re.findall(r"client secret: (\S+)", printed)[0]
        with step(f"showcam owner add {USER}"):
            self._command("owner", "add", USER)
            self._command("owner", "set", USER, "key", KEY, text=f"{KEY_SECRET}\n")
        return secrets

    def _directive(self, event: dict[str, Any]) -> dict[str, Any]:
        return dict(stacks.invoke(self.emulator, "directives", event))

    def _sweep(self) -> dict[str, Any]:
        return dict(stacks.invoke(self.emulator, "sweep", {"every": True}))

    def _without_media(self, event: dict[str, Any]) -> dict[str, Any]:
        given = stacks.environ_of(self.emulator, "directives")["SHOWCAM_MEDIA_URLS"]
        stacks.configure(self.emulator, {"media_urls": "", "pictures": "vendor"}, ("directives",))
        try:
            return self._directive(event)
        finally:
            stacks.configure(self.emulator, {"media_urls": given, "pictures": "plane"}, ("directives",))

    def _operators(self, event: dict[str, Any]) -> dict[str, Any]:
        return dict(stacks.invoke(self.emulator, "operators", event))

    @contextmanager
    def _listening(self) -> Iterator[None]:
        listener = Listener(self.folder, stacks.listener_environ(self.emulator))
        try:
            yield
        finally:
            listener.stop()

    def _api_host(self) -> str:
        return f"{self.stack.outputs['HttpApiId']}.execute-api.localhost:{self.emulator.port}"

    def _for_processes(self, settings: dict[str, str]) -> dict[str, str]:
        """The environment with which a process on this machine has the settings of the deployed functions."""
        named = {f"SHOWCAM_{name.upper()}": value for name, value in settings.items()}
        own = {name: value for name, value in self.stack.environ.items() if name.startswith("SHOWCAM_")}
        return own | named | self.emulator.environ | {"SHOWCAM_DATA": str(self.folder / "command")}

    def _command(self, *words: str, text: str = "") -> str:
        """What the command line printed. Raises StepFailed."""
        base = {name: value for name, value in os.environ.items() if not name.startswith(("SHOWCAM_", "AWS_"))}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "showcam", *words],
            env=base | self._environ,
            cwd=ROOT,
            input=text,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        if done.returncode:
            raise StepFailed(f"showcam {' '.join(words[:2])} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def _keep[T](self, made: T, ending: str) -> T:
        self._held.callback(getattr(made, ending))
        return made


def _require_ready(web: str, authorities: Path) -> None:
    import requests

    answer = requests.get(f"{web}/readyz", verify=str(authorities), timeout=ANSWER_S)
    if answer.status_code != 200:
        raise StepFailed(f"{web}/readyz answered {answer.status_code}: {answer.text[:300]}")
