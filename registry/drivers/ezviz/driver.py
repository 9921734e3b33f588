"""EZVIZ as one driver: the app's API says which cameras there are and how they are, the Open Platform shows them."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from media.ezviz.address import KNOWN
from media.grants import Picture
from media.source import SourceSpec
from net.exchange import Exchange
from net.hosts import Hosts
from registry.camera import Camera
from registry.driver import Hint, Look, sound
from registry.drivers.ezviz.account import EzvizAccount
from registry.drivers.ezviz.cloud import Cloud
from registry.drivers.ezviz.lan import Lan
from registry.drivers.ezviz.open import cameras as of_open
from registry.drivers.ezviz.open import settings as open_settings
from registry.drivers.ezviz.open.calls import Calls, OpenPlatform
from registry.drivers.ezviz.open.tokens import Access, Key, Sub
from registry.drivers.ezviz.sentences import EZVIZ
from registry.drivers.ezviz.sessions import Held, Sessions
from registry.drivers.ezviz.settings import Clock
from registry.drivers.ezviz.waking import Waking, lasts_s
from registry.drivers.probes import hls
from registry.drivers.vendor_http import VendorHttp
from registry.errors import DriverError, Refused, SetRefused, SignedOut
from registry.settings import CHOICES, Setting, SettingView
from registry.vendor import Verdict
from store.ports import Store
from store.records import Source

if TYPE_CHECKING:
    from registry.drivers.ezviz.push import Listener, Waits

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
    push: str = ""  # of the app's messages; "": where the account says
    extra: tuple[str, ...] = ()  # of these, the ones that are not EZVIZ's own

    @classmethod
    def of(cls, region: str, *, api: str = "", open_platform: str = "", push: str = "") -> "EzvizHosts":
        """By region, or as given. Raises ValueError for a region that is none."""
        if region not in REGIONS:
            raise ValueError(f"ezviz_region {region!r} is none of {', '.join(REGIONS)}")
        extra = tuple(f"{each}" if ":" in each else f"{each}:443" for each in (api, open_platform, push) if each)
        return cls(api or REGIONS[region][0], open_platform or REGIONS[region][1], push, extra)


class EzvizDriver:
    """A registry.drivers.driver.Driver. In the demo it reaches the given hosts alone, never EZVIZ's own.

    `developer` is the installation's own Open Platform key, under which households may have sub-accounts. `lan`:
    cameras are also fetched from their owner's network, where showcam runs in it and serves nobody else. `cloud`: also
    by the account's own cloud stream, an open connection to the vendor.
    """

    vendor = EZVIZ.vendor

    def __init__(
        self,
        store: Store,
        hosts: EzvizHosts,
        *,
        ca_file: Path | None = None,
        demo: bool = False,
        developer: Key | None = None,
        lan: bool = False,
        cloud: bool = False,
    ) -> None:
        http = VendorHttp(Hosts(hosts.extra, None if demo else KNOWN), ca_file)
        self.sessions = Sessions(store)
        self._lan = Lan(loopback=demo) if lan else None
        self._cloud = Cloud(loopback=demo) if cloud else None
        self.account = EzvizAccount(store, self.sessions, http, hosts.api, self._lan, self._cloud)
        self._open = OpenPlatform(http, hosts.open_platform)
        self._developer, self._http, self._push_at = developer, http, hosts.push
        self._waking = Waking(store, self.account.wake)

    def load(self) -> None:
        """Import ahead of the first call what it would have to wait for."""
        self.account.load()

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        return self.account.sign_in(user, password, deadline_s, code=code, host=host)

    def read(self, source: Source, deadline_s: float) -> tuple[Camera, ...]:
        held = self.sessions.read(source)
        if not self._by_open_alone(held):
            return self.account.read(source, deadline_s)
        with Exchange(deadline_s) as exchange:
            return of_open.read(self._open, self._access(held), source.id, exchange)

    def serves(self, source: Source) -> tuple[str, ...]:
        held = self.sessions.read(source)
        if self._by_open_alone(held):
            return ("open",)
        return ("account",) if self._key(held) is None else ("account", "open")

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """By the app's API; what that doesn't tell or can't set, by the Open Platform where there is a key."""
        held, began = self.sessions.read(source), time.monotonic()
        views = {} if self._by_open_alone(held) else self.account.settings(source, camera, deadline_s)
        if self._reaches(held, camera):
            try:
                with self._calls(held, camera, deadline_s - (time.monotonic() - began)) as calls:
                    views = _both(views, open_settings.views(calls))
            except DriverError:
                if not views:
                    raise
        nothing = SettingView(None, False, why_not="not_this_way")
        return {name: views.get(name, nothing) for name in CHOICES}

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        began = time.monotonic()
        clock = self._clock(source, camera, setting, deadline_s)
        self._either(
            source,
            camera,
            deadline_s - (time.monotonic() - began),
            lambda left_s: self.account.apply(source, camera, setting, value, left_s, code=code),
            lambda calls: open_settings.write(calls, camera, setting, value, code, clock),
        )

    def _clock(self, source: Source, camera: Camera, setting: Setting, deadline_s: float) -> Clock | None:
        """What would be lost by setting a part of it; a sub-account alone can't tell."""
        held = self.sessions.read(source)
        if setting not in open_settings.TIME or self._by_open_alone(held) or not self._reaches(held, camera):
            return None
        return self.account.clock(source, camera, deadline_s)

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self._either(
            source,
            camera,
            deadline_s,
            lambda left_s: self.account.restart(source, camera, left_s),
            open_settings.restart,
        )

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        self._either(
            source,
            camera,
            deadline_s,
            lambda left_s: self.account.change_password(source, camera, old, new, left_s),
            lambda calls: open_settings.change_password(calls, old, new),
        )

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        held = self.sessions.read(source)
        if not self._reaches(held, camera):
            raise SetRefused("unsupported")
        with self._calls(held, camera, deadline_s) as calls:
            open_settings.delete(calls)

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]:
        """What the vendor lists as having happened after `since`, epoch seconds."""
        return self.account.happened(source, since, deadline_s)

    def listen(self, source: Source, told: Callable[[Hint], None], waits: "Waits | None" = None) -> "Listener":
        """Hear of what happens as it does, until the listener is stopped."""
        from registry.drivers.ezviz.push import WAITS, Listener

        return Listener(source, self.account, self._http, told, at=self._push_at, waits=waits or WAITS)

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> SourceSpec:
        held = self.sessions.read(source)
        if way == "lan":
            return self._mint_lan(held, camera, picture, deadline_s)
        if way == "cloud":
            return self._mint_cloud(held, source, camera, picture, deadline_s)
        key = self._key(held)
        if way != "open" or key is None:
            raise Refused("no_way", f"no {way} way")
        ref = camera.ref
        live = self._waking.reached(
            source,
            camera,
            lambda left_s: self._open.live(key, ref.serial, ref.channel, left_s, picture, life_s),
            deadline_s,
        )
        host, port = self._http.check(live.url)
        taken = json.dumps([camera.ref.serial, camera.ref.channel, live.id]) if live.id else ""
        hosts = (host if port == 443 else f"{host}:{port}",)
        return SourceSpec("hls", live.url, hosts, sound(camera), taken, lasts_s=lasts_s(camera))

    def look(self, source: Source, spec: SourceSpec, deadline_s: float) -> Look:
        if spec.kind != "hls":
            raise Refused("not_passable", spec.kind)
        return hls.examine(self._http, spec.url, deadline_s)

    def _mint_lan(self, held: Held, camera: Camera, picture: Picture, deadline_s: float) -> SourceSpec:
        code = held.secrets.codes.get(camera.ref.serial)
        if self._lan is None or not code or not camera.lan:
            raise Refused("no_way", "no lan way")
        return self._lan.open(camera, code, deadline_s, picture)

    def _mint_cloud(
        self, held: Held, source: Source, camera: Camera, picture: Picture, deadline_s: float
    ) -> SourceSpec:
        if self._cloud is None or not held.secrets.open_air:
            raise Refused("no_way", "no cloud way")
        began, ref = time.monotonic(), camera.ref
        place = self._cloud.place(ref) or self._cloud.keep(ref, self.account.dispatcher(source, camera, deadline_s))
        if place is None:
            raise Refused("no_way", "no dispatcher that may be gone to")
        if picture == "sub" and not place.has_sub:
            raise Refused("too_large", "no smaller stream")
        token = self.account.stream_token(source, deadline_s - (time.monotonic() - began))
        return self._cloud.spec(camera, place, token)

    def set_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """Try it at the camera, once, and keep it; "" forgets the one there is."""
        if self._lan is None or camera.owner == "shared":
            raise Refused("not_this_way", "not a camera for the LAN")
        if code:
            began = time.monotonic()
            place = self.account.place(source, camera, deadline_s)
            if not place:
                raise Refused("lan_unreachable", "the vendor tells no address at home")
            self._lan.try_code(camera, place, code, deadline_s - (time.monotonic() - began))
        self.sessions.keep_code(source, camera.ref.serial, code)

    def release(self, source: Source, release: str, deadline_s: float) -> None:
        key = self._key(self.sessions.read(source))
        if key is None:
            raise SignedOut
        serial, channel, url_id = json.loads(release)
        self._open.disable(key, serial, channel, url_id, deadline_s)

    def _key(self, held: Held) -> Access | None:
        """The household's own key, else its sub-account."""
        if held.secrets.open is not None or not held.secrets.sub_account or self._developer is None:
            return held.secrets.open
        return Sub(self._developer, held.secrets.sub_account)

    def _access(self, held: Held) -> Access:
        key = self._key(held)
        if key is None:
            raise SignedOut
        return key

    def _by_open_alone(self, held: Held) -> bool:
        """A household of an integrator, who gave it a sub-account; nobody has signed in with an app account."""
        return held.secrets.session is None and bool(held.secrets.sub_account) and self._developer is not None

    def _reaches(self, held: Held, camera: Camera) -> bool:
        """Another owner's camera the key answers for with a refusal."""
        return camera.owner != "shared" and self._key(held) is not None

    @contextlib.contextmanager
    def _calls(self, held: Held, camera: Camera, deadline_s: float, *, again: bool = True) -> Iterator[Calls]:
        with Exchange(deadline_s) as exchange:
            yield Calls(self._open, self._access(held), camera.ref, exchange, again=again)

    def _either(
        self,
        source: Source,
        camera: Camera,
        deadline_s: float,
        by_account: Callable[[float], None],
        by_open: Callable[[Calls], None],
    ) -> None:
        """By the app's API; by the Open Platform only what the first can't do at all."""
        held, began = self.sessions.read(source), time.monotonic()
        if not self._by_open_alone(held):
            try:
                by_account(deadline_s)
            except SetRefused as refused:
                if refused.why != "unsupported" or not self._reaches(held, camera):
                    raise
            else:
                return
        with self._calls(held, camera, deadline_s - (time.monotonic() - began), again=False) as calls:
            by_open(calls)


def _both(first: dict[Setting, SettingView], second: dict[Setting, SettingView]) -> dict[Setting, SettingView]:
    """What the first can't tell or set is taken from the second."""
    both = dict(first)
    for name, other in second.items():
        one = first.get(name)
        if one is None or (one.value is None and not one.can_set):
            both[name] = other
        elif other.can_set and not one.can_set:
            both[name] = replace(one, can_set=True, choices=other.choices, why_not="")
        elif one.value is None:
            both[name] = replace(one, value=other.value, way=other.way)
    return both
