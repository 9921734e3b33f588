"""The settings, and values that follow from several of them. showcam.app.process.settings_sources reads them."""

from pathlib import Path

from showcam.app.settings_table import GONE, KEPT, SECRETS, SettingsTable
from showcam.net.addresses import in_url, is_confidential
from showcam.net.exchange import PATIENT_S

__all__ = ["GONE", "KEPT", "SECRETS", "Settings"]


class Settings(SettingsTable, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`demo` is an option of the command line, and no property here can be given.

    `simulator_port` is the demo's, and only the variable SHOWCAM_SIMULATOR_PORT gives it: the practice page, then two
    ports of the simulated EZVIZ and two of the camera Barn.
    """

    demo: bool = False
    simulator_port: int = 8082

    @property
    def web_url(self) -> str:
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def is_exposed(self) -> bool:
        """Whether showcam has a public address. A proxy on this machine may then hand on requests of strangers."""
        return self.public_url.startswith("https://")

    @property
    def pictures_urls(self) -> tuple[str, ...]:
        """Addresses of pictures: several if media processes run elsewhere, none with pictures = vendor."""
        if self.pictures == "vendor":
            return ()
        if self.media_urls:
            return (self.fleet_url,) if self.fleet_url else self.media_urls
        return (self.public_url or f"http://127.0.0.1:{self.media_port}",)

    @property
    def fleet_url(self) -> str:
        """The address before all media processes that report themselves; "" if `media_urls` lists each process."""
        first = next(iter(self.media_urls), "")
        return first.removesuffix("/*") if first.endswith("/*") else ""

    @property
    def own_media(self) -> bool:
        """Whether this machine runs the media process."""
        return not self.media_urls and self.pictures == "plane"

    @property
    def casts(self) -> bool:
        """Whether TVs in the house may be shown cameras: strangers have no house here, nor has AWS."""
        return self.own_media and self.sign_up != "anyone" and not self.all_on_aws

    @property
    def is_one_house(self) -> bool:
        """Whether the media process serves only the house it stands in, so that its own load is the limit."""
        return self.own_media and self.sign_up != "anyone" and self.store == "sqlite" and not self.web_internal_url

    @property
    def webrtc_range(self) -> range:
        """The UDP ports of WebRTC. Only port 0 means that the system chooses."""
        first, _, last = self.webrtc_ports.partition("-")
        return range(int(first), int(last) + 1) if first else range(1)

    @property
    def may_transcode(self) -> bool:
        """Whether a picture may be transcoded at all."""
        return self.pictures == "plane" and self.transcodes != 0

    @property
    def vendor_is_here(self) -> bool:
        """Whether the vendor is on this machine: in the demo, or if the operator's `ezviz_at` says so."""
        return self.demo or self.ezviz_api.startswith("127.0.0.1:")

    @property
    def ezviz_api(self) -> str:
        """The host of the app's API, "" for the region's."""
        return next(iter(self.ezviz_at), "")

    @property
    def ezviz_open(self) -> str:
        """The host of the Open Platform, "" for the region's."""
        return next(iter(self.ezviz_at[1:]), "")

    @property
    def sign_ins_per_address(self) -> int:
        """Failed sign-ins from one address in any 15 minutes: 20 by default, for an address may be a family's."""
        return self.sign_ins_per_user * 20 // 3

    @property
    def sign_in_s(self) -> float:
        """How many seconds a sign-in waits for EZVIZ: signing in takes several requests there."""
        return max(PATIENT_S, self.request_s + 1)

    @property
    def own_host(self) -> str:
        """The host that this machine's processes use to reach each other."""
        return "127.0.0.1" if self.bind in ("0.0.0.0", "::", "localhost") else self.bind  # noqa: S104

    @property
    def internal_media_url(self) -> str:
        return f"http://{in_url(self.own_host)}:{self.media_port}"

    @property
    def internal_web_url(self) -> str:
        return self.web_internal_url or f"http://{in_url(self.own_host)}:{self.port}"

    @property
    def deciphers(self) -> bool:
        """Whether pictures may be deciphered: only if all ways between web and media processes keep a key secret."""
        media = self.media_urls or (self.internal_media_url,)
        return self.pictures == "plane" and all(map(is_confidential, (*media, self.internal_web_url)))

    @property
    def database(self) -> Path:
        return self.data / "showcam.sqlite3"

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def home_code(self) -> Path:
        """The file of the console's one-time code."""
        return self.data / "run" / "home-code"

    @property
    def broker_status(self) -> Path:
        """The worker's file about its connection to the MQTT broker; no file if none is set."""
        return self.data / "run" / "mqtt"

    @property
    def has_console(self) -> bool:
        """Whether owners have pages. On AWS no house reaches any, so the pages are public there or closed."""
        return self.console == "public" or (self.console != "off" and not self.all_on_aws)

    @property
    def console_proxy(self) -> tuple[str, str, str] | None:
        """The owner's proxy before the console: its address, its header, and the frame-ancestors of its pages or ""."""
        address, *more = self.console.split()
        if not more:
            return None
        frame = more[1] if len(more) > 1 else ""
        return address, more[0], "'self'" if frame == "self" else frame

    @property
    def has_lan_cameras(self) -> bool:
        """Whether owners may add cameras by their address in the house; strangers never may, nor does AWS reach any."""
        return self.sign_up != "anyone" and not self.all_on_aws

    @property
    def notifies(self) -> bool:
        """Whether owners are notified of faults. The worker does this; strangers who signed up give no address."""
        return self.sign_up != "anyone" and not self.all_on_aws

    @property
    def all_on_aws(self) -> bool:
        """Whether store and keys are both on AWS, so that nothing lasts in the data folder."""
        return self.store == "dynamodb" and bool(self.keys_secret)
