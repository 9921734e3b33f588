"""The public address, kept as a setting, and a record of the tunnel or Funnel that leads to the address."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from showcam.app.process.kept import Installation, Record, read
from showcam.app.settings import Settings
from showcam.app.setup.programs import ProgramFailed
from showcam.console.setup.exposing import TAILSCALES, Held

_RECORD = "public_way"


class AddressKeeper:
    """Keeps the public address of a name; a proxy or tunnel on this machine is then believed.

    `origins`: see `showcam.app.process.kept.Installation`.
    """

    def __init__(self, settings: Settings, origins: Mapping[str, str]) -> None:
        self._settings, self._installation = settings, Installation(settings, origins)
        self._record = Record(settings, _RECORD)
        self._caddyfile = settings.data / "Caddyfile"

    @property
    def folder(self) -> Path:
        """The folder of cloudflared's certificate and credentials: whoever has these files can open the tunnel."""
        return self._settings.data / "tunnel"

    def keep(self, name: str) -> bool:
        if not self.may_keep():
            return False
        trusted = self._installation.changeable({"trusted_proxies": "127.0.0.1"})
        self._installation.change({"public_url": f"https://{name}"} | trusted)
        return True

    def may_keep(self) -> bool:
        """Returns False if the settings file or the environment gives an address, which counts more."""
        return bool(self._installation.changeable({"public_url": ""}))

    def forget(self) -> None:
        """Forgets the kept address and its way. Another address than the recorded way's stays.

        Raises ProgramFailed if a file or the environment gives the address.
        """
        held = self.held()
        if held is not None and not held.closed:
            self.hold(None)
        if held is not None and not self.is_kept(held.name) and self.may_keep():
            return
        names = self._installation.changeable({"public_url": "", "trusted_proxies": ""})
        self._installation.change(dict.fromkeys(names))
        if "public_url" not in names:
            raise ProgramFailed("given_elsewhere")

    def hold(self, held: Held | None) -> None:
        """Records a tunnel before showcam opens the tunnel: after a kill, the owner sees what is still open."""
        self._record.write(msgspec.json.encode(held) if held else None)
        self._installation.change({})  # `showcam run` reads it then

    def held(self) -> Held | None:
        """The recorded tunnel: open, begun, or closed with a DNS record that the owner has to delete."""
        text = self._record.read()
        if text is not None:
            return msgspec.json.decode(text, type=Held)
        name = self._kept_name()  # an address that was kept before ways were recorded
        return Held("tailscale", name) if name.endswith(TAILSCALES) else None

    def is_kept(self, name: str) -> bool:
        return self._kept_name() == name

    def write(self, caddyfile: str) -> None:
        replace(self._caddyfile, f"{caddyfile}\n")

    def written(self) -> str:
        return str(self._caddyfile.absolute()) if self._caddyfile.is_file() else ""

    def is_held_up(self) -> bool:
        return self._installation.is_held_up()

    def apply_now(self) -> None:
        self._installation.apply_now()

    def _kept_name(self) -> str:
        return read(self._settings).get("public_url", "").removeprefix("https://")


def replace(file: Path, text: str) -> None:
    """Writes the whole file, or leaves the old file unchanged. Raises OSError."""
    new = file.with_name(f"{file.name}.new")
    try:
        new.write_text(text)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
