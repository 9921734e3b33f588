"""EZVIZ as one driver: the app's API says which cameras there are and how they are, the Open Platform shows them."""

import json
from pathlib import Path

from msgspec import Struct

from media.source import SourceSpec
from registry.camera import Camera
from registry.drivers.driver import sound
from registry.drivers.ezviz_account import CodeSent, EzvizAccount, Rejected, SignedIn
from registry.drivers.ezviz_open import OpenPlatform
from registry.drivers.ezviz_sessions import Sessions
from registry.drivers.http import Hosts, Http
from registry.errors import Refused, SignedOut
from registry.settings import Setting, SettingView
from store.ports import Store
from store.records import Source

# region: app API, Open Platform; a wrong guess of the first is corrected at sign-in, of the second with the token
REGIONS = {
    "eu": ("apiieu.ezvizlife.com", "ieuopen.ezvizlife.com"),
    "us": ("apiius.ezvizlife.com", "iusopen.ezvizlife.com"),
    "sa": ("apiisa.ezvizlife.com", "isaopen.ezvizlife.com"),
    "sg": ("apiisgp.ezvizlife.com", "isgpopen.ezvizlife.com"),
    "in": ("apiiindia.ezvizlife.com", "iindiaopen.ezvizlife.com"),
    "ru": ("apirus.ezvizru.com", "irusopen.ezvizlife.com"),
}


class EzvizHosts(Struct, frozen=True):
    """Where the two APIs are, as "host" or "host:port"."""

    api: str
    open_platform: str
    extra: tuple[str, ...] = ()  # of these, the ones that are not EZVIZ's own

    @classmethod
    def of(cls, region: str, *, api: str = "", open_platform: str = "") -> "EzvizHosts":
        """By region, or as given. Raises ValueError for a region that is none."""
        if region not in REGIONS:
            raise ValueError(f"ezviz_region {region!r} is none of {', '.join(REGIONS)}")
        extra = tuple(f"{each}" if ":" in each else f"{each}:443" for each in (api, open_platform) if each)
        return cls(api or REGIONS[region][0], open_platform or REGIONS[region][1], extra)


class EzvizDriver:
    """A registry.drivers.driver.Driver. In the demo it reaches the given hosts alone, never EZVIZ's own."""

    def __init__(self, store: Store, hosts: EzvizHosts, *, ca_file: Path | None = None, demo: bool = False) -> None:
        http = Http(Hosts(hosts.extra, only_extra=demo), ca_file)
        self.sessions = Sessions(store)
        self.account = EzvizAccount(store, self.sessions, http, hosts.api)
        self._open = OpenPlatform(http, hosts.open_platform)
        self._hosts = http.hosts

    def load(self) -> None:
        """Import ahead of the first call what it would have to wait for."""
        self.account.load()

    def sign_in(
        self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = ""
    ) -> SignedIn | CodeSent | Rejected:
        return self.account.sign_in(user, password, deadline_s, code=code, host=host)

    def read(self, source: Source, deadline_s: float) -> tuple[Camera, ...]:
        return self.account.read(source, deadline_s)

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        return self.account.settings(source, camera, deadline_s)

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        self.account.apply(source, camera, setting, value, deadline_s, code=code)

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self.account.restart(source, camera, deadline_s)

    def mint(self, source: Source, camera: Camera, way: str, deadline_s: float) -> SourceSpec:
        key = self.sessions.read(source).secrets.open
        if way != "open" or key is None:
            raise Refused("no_way", f"no {way} way")
        live = self._open.live(key, camera.ref.serial, camera.ref.channel, deadline_s)
        host, port = self._hosts.check(live.url)
        taken = json.dumps([camera.ref.serial, camera.ref.channel, live.id]) if live.id else ""
        return SourceSpec("hls", live.url, (host if port == 443 else f"{host}:{port}",), sound(camera), taken)

    def release(self, source: Source, release: str, deadline_s: float) -> None:
        key = self.sessions.read(source).secrets.open
        if key is None:
            raise SignedOut
        serial, channel, url_id = json.loads(release)
        self._open.disable(key, serial, channel, url_id, deadline_s)
