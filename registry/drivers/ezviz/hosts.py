"""Where EZVIZ's two APIs are, by region."""

import re

from msgspec import Struct

# region: app API, Open Platform; a wrong guess of the first is corrected at sign-in, of the second with the token
REGIONS = {
    "eu": ("apiieu.ezvizlife.com", "ieuopen.ezvizlife.com"),
    "us": ("apiius.ezvizlife.com", "iusopen.ezvizlife.com"),
    "sa": ("apiisa.ezvizlife.com", "isaopen.ezvizlife.com"),
    "sg": ("apiisgp.ezvizlife.com", "isgpopen.ezvizlife.com"),
    "in": ("apiiindia.ezvizlife.com", "iindiaopen.ezvizlife.com"),
    "ru": ("apirus.ezvizru.com", "irusopen.ezvizlife.com"),
}
_API = re.compile(r"api(ieu|ius|isa|isgp|iindia)\.ezvizlife\.com")


class EzvizHosts(Struct, frozen=True):
    """The hosts of EZVIZ's two APIs, as "host" or "host:port"."""

    api: str
    open_platform: str
    push: str = ""  # of the app's messages; "": where the account says
    extra: tuple[str, ...] = ()  # of these, the ones that are not EZVIZ's own
    others: tuple[str, ...] = ()  # the app's API in the other regions, where an account may live
    region: str = "eu"  # of `api`
    follows: bool = True  # the Open Platform is that of an account's own region, where the account names one

    @property
    def is_here(self) -> bool:
        """Whether the operator's settings say that the app's API is on this machine; its dispatchers are here, too."""
        return self.api.startswith("127.0.0.1:")

    @classmethod
    def of(cls, region: str, *, api: str = "", open_platform: str = "", push: str = "") -> "EzvizHosts":
        """By region, or as given. Raises ValueError for a region that is none."""
        if region not in REGIONS:
            raise ValueError(f"ezviz_region {region!r} is none of {', '.join(REGIONS)}")
        extra = tuple(f"{host}" if ":" in host else f"{host}:443" for host in (api, open_platform, push) if host)
        own_api, own_open = REGIONS[region]
        others = () if api else tuple(other for other, _ in REGIONS.values() if other != own_api)
        return cls(api or own_api, open_platform or own_open, push, extra, others, region, follows=not open_platform)

    def open_of(self, api: str) -> str:
        """The Open Platform of an account whose app API is at `api`, as the account's sign-in named it."""
        found = _API.fullmatch(api) if self.follows else None
        return f"{found[1]}open.ezvizlife.com" if found else self.open_platform
