"""The settings of an installation, typed, with their defaults. showcam.process.settings_sources reads them."""

from pathlib import Path
from typing import Literal

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in seconds, addresses without a trailing slash."""

    demo: bool = False
    data: Path = Path("var/showcam")
    bind: str = "127.0.0.1"
    port: int = 8080
    media_port: int = 8081
    simulator_port: int = 8082
    public_url: str = ""  # where assistants reach us, https; empty: http://127.0.0.1:{port}, for a first try at home
    media_url: str = ""  # where displays fetch pictures; empty: public_url, whose proxy sends /s/ to the media port
    media_urls: tuple[str, ...] = ()  # instead: media processes elsewhere, each at an https address of its own
    pictures: Literal["plane", "vendor"] = "plane"  # vendor: no media process; displays fetch from the vendor itself
    web_internal_url: str = ""  # where a media process elsewhere asks for sources; empty: this machine's own port
    sign_up: Literal["owner", "invited", "anyone"] = "owner"
    require_audio: tuple[Literal["alexa", "google"], ...] = ("google",)
    explain: Literal["no", "picture"] = "picture"  # with pictures = vendor the default is no
    store: Literal["sqlite", "dynamodb"] = "sqlite"
    table: str = "showcam"  # the DynamoDB table
    table_region: str = ""  # where the table is; empty: the region that AWS's own settings name
    keys_secret: str = ""  # AWS Secrets Manager: id or ARN of the secret the keys come from; empty: the folder keys/
    grant_secret: str = ""  # name or ARN of the secret of the grant key alone, shared with media processes elsewhere
    cookie_secret: str = ""  # name or ARN of the secret of the cookie key alone, which the web function alone may read
    grant_roots: str = ""  # the content of grant_secret, for a media process that is given it directly
    settings_secret: tuple[str, ...] = ()  # names or ARNs of secrets that hold settings; of two values the last counts
    ezviz_region: Literal["eu", "us", "sa", "sg", "in", "ru"] = "eu"
    ezviz_api: str = ""  # host[:port] of the app's API; empty: by region
    ezviz_open: str = ""  # host[:port] of the Open Platform; empty: by region
    ezviz_key: str = ""  # appKey of the installation's own Open Platform key, for households with sub-accounts
    ezviz_secret: str = ""
    ezviz_webhook_key: str = ""  # signs the messages posted to /webhooks/ezviz; empty: no such address
    ezviz_push: bool = True  # the worker listens to the messages that EZVIZ sends its app
    ezviz_push_at: str = ""  # host:port of those messages; empty: where EZVIZ says
    ezviz_cloud: bool = True  # pictures also by the app account's own cloud stream, an open connection
    poll_s: int = 120  # how often a household is read whose vendor sends no messages
    snapshots: bool = True  # whether Alexa is offered still pictures
    alexa_skill_id: str = ""  # whose custom-skill requests are answered; empty: none
    lwa_client_id: str = ""  # Login with Amazon, from the console's page Permissions; empty: no events to Alexa
    lwa_client_secret: str = ""
    amazon_at: str = ""  # host:port of a stand-in for Amazon; empty: Amazon
    ca_file: Path | None = None  # one more certificate authority to trust towards vendors
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-For and -Proto are believed
    signal_origins: tuple[str, ...] = ("https://www.gstatic.com",)
    sign_ins_per_user: int = 3  # failures in 15 minutes, then the vendor is not called; counted apart per known browser
    sign_ins_per_address: int = 20
    opens_per_minute: int = 6  # per link
    live_per_account: int = 4
    live_per_process: int = 24
    stream_cap_s: int = 1800
    idle_s: int = 30
    gate_check_s: float = 2.0
    sign_in_s: float = 4.0  # a person who signs in waits this long for the vendor's verdict
    request_s: float = 3.0  # a request that waits for a vendor gives up after this
    body_limit: int = 256 * 1024
    threads: int = 128
    web_cores: Literal["one", "all"] = "one"  # on which the web process's threads take turns
    without: tuple[Literal["answers", "bearers", "lines", "malloc"], ...] = ()  # tricks for speed: docs/speed.md
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    stun: tuple[str, ...] = (
        "stun.l.google.com:19302",
        "stun.cloudflare.com:3478",
    )  # host:port each; empty: no STUN server is used
    turn: str = ""  # turn:host:port?transport=udp or tcp, turns:host:port
    turn_secret: str = ""  # what the TURN server knows as static-auth-secret
    ice_addresses: tuple[str, ...] = ()  # local addresses offered for WebRTC; empty: the machine's own

    @property
    def web_url(self) -> str:
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def pictures_urls(self) -> tuple[str, ...]:
        """Where displays fetch pictures: several where media processes run elsewhere, none with pictures = vendor."""
        if self.pictures == "vendor":
            return ()
        if self.media_urls:
            return self.media_urls
        return (self.media_url or self.public_url or f"http://127.0.0.1:{self.media_port}",)

    @property
    def own_media(self) -> bool:
        """Whether this machine runs the media process."""
        return not self.media_urls and self.pictures == "plane"

    @property
    def own_host(self) -> str:
        """The host at which this machine's processes reach each other."""
        return "127.0.0.1" if self.bind in ("0.0.0.0", "::", "localhost") else self.bind  # noqa: S104

    @property
    def internal_media_url(self) -> str:
        return f"http://{self.own_host}:{self.media_port}"

    @property
    def internal_web_url(self) -> str:
        return self.web_internal_url or f"http://{self.own_host}:{self.port}"

    @property
    def database(self) -> Path:
        return self.data / "showcam.sqlite3"

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def all_on_aws(self) -> bool:
        """Whether store and keys are both on AWS, so that nothing lasts in the data folder."""
        return self.store == "dynamodb" and bool(self.keys_secret)


SECRETS = frozenset(
    {"ezviz_secret", "lwa_client_secret", "ezviz_webhook_key", "grant_roots", "turn_secret"}
)  # never written into an error


@dataclass(frozen=True)
class _Given:
    value: Any
    origin: str


DEMO: Mapping[str, object] = {
    "data": "var/demo",
    "sign_up": "invited",
    # ten times the limits: a person tries things, and so do the tests
    "sign_ins_per_user": 30,
    "sign_ins_per_address": 200,
    "opens_per_minute": 60,
    "live_per_account": 40,
    "live_per_process": 240,
    "ice_addresses": ["127.0.0.1"],
    "stun": [],
}


def load(
    *,
    demo: bool = False,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Raises SettingsError. `overrides` are what a command line said; they beat everything."""
    environ = os.environ if environ is None else environ
    given = {name: _Given(value, "the demo") for name, value in DEMO.items()} if demo else {}
    given |= _from_file(environ, file)
    said = _from_environment(environ)
    given |= _from_secrets(said.get("settings_secret") or given.get("settings_secret")) | said
    given |= {name: _Given(value, "the command line") for name, value in (overrides or {}).items() if value is not None}
    if demo:
        given["demo"] = _Given(True, "the command line")
    if "explain" not in given and "pictures" in given and given["pictures"].value == "vendor":
        given["explain"] = _Given("no", "the defaults")  # there is nobody to draw a picture
    for name, each in given.items():
        if name == "demo" and each.origin != "the command line":
            raise SettingsError(f"demo from {each.origin}: say showcam run --demo instead")
    settings = Settings(**{name: _convert(name, each) for name, each in given.items()})
    for name, why in faults(settings):
        origin = given[name].origin if name in given else "the defaults"
        raise SettingsError(f"{name} from {origin} is {_shown(name, getattr(settings, name))}: {why}")
    return settings


def _from_file(environ: Mapping[str, str], file: Path | None) -> dict[str, _Given]:
    named = file or (Path(environ["SHOWCAM_CONFIG"]) if environ.get("SHOWCAM_CONFIG") else None)
    path = named or Path("showcam.toml")
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        if named:
            raise SettingsError(f"{path}: there is no such file") from None
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: can't be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    return {
        name: _Given(_parted(value) if name in _ONCE_TEXTS and isinstance(value, str) else value, str(path))
        for name, value in values.items()
    }


_ONCE_TEXTS = ("stun", "settings_secret")  # one text each, before they were lists


def _from_secrets(named: _Given | None) -> dict[str, _Given]:
    if named is None:
        return {}
    given: dict[str, _Given] = {}
    for secret in _convert("settings_secret", named):
        given |= _from_secret(secret, named)
    return given


def _from_secret(secret: str, named: _Given) -> dict[str, _Given]:
    from showcam.aws import secrets

    try:
        held = secrets.read(secret)
    except secrets.SecretUnreadable as error:
        raise SettingsError(f"settings_secret from {named.origin}: {error}") from None
    for name, value in held.items():
        if name not in SECRETS or not isinstance(value, str):
            known = ", ".join(sorted(SECRETS))
            raise SettingsError(f"settings_secret from {named.origin}: it holds texts named {known}, not {name!r}")
    return {name: _Given(value, f"the secret {secret}") for name, value in held.items()}


# Read from the environment too, but by others than this module.
_NOT_SETTINGS = {"SHOWCAM_CONFIG", "SHOWCAM_SETTINGS", "SHOWCAM_GRANT_KEYS"}
_TEST_PREFIX = "SHOWCAM_TEST_"


def _from_environment(environ: Mapping[str, str]) -> dict[str, _Given]:
    given = {}
    for variable, text in environ.items():
        if not variable.startswith("SHOWCAM_") or variable in _NOT_SETTINGS or variable.startswith(_TEST_PREFIX):
            continue
        name = variable.removeprefix("SHOWCAM_").lower()
        value: Any = text
        if _is_list(name):
            value = _parted(text)
        given[name] = _Given(value, f"the environment ({variable})")
    return given


def _parted(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_list(name: str) -> bool:
    hint = Settings.__annotations__.get(name)
    return getattr(hint, "__origin__", None) is tuple


def _convert(name: str, given: _Given) -> Any:
    hint = Settings.__annotations__.get(name)
    if hint is None:
        known = ", ".join(sorted(Settings.__annotations__))
        raise SettingsError(f"{name} from {given.origin} is no setting. There are: {known}")
    if hint == Path | None and isinstance(given.value, str) and not given.value:
        return None
    try:
        return msgspec.convert(given.value, hint, strict=False, dec_hook=_hook)
    except msgspec.ValidationError:
        shown = _shown(name, given.value)
        raise SettingsError(f"{name} from {given.origin} is {shown}; {_wanted(hint)} is wanted") from None


def _shown(name: str, value: Any) -> str:
    return "a secret" if name in SECRETS else repr(value)


def _hook(hint: type, value: Any) -> Any:
    if issubclass(hint, Path) and isinstance(value, str | Path):
        return Path(value)
    raise msgspec.ValidationError


def _wanted(hint: Any) -> str:
    origin = getattr(hint, "__origin__", None)
    if origin is Literal:
        return "one of " + ", ".join(get_args(hint))
    if origin is tuple:
        return f"a list ({_wanted(get_args(hint)[0])} each)"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}.get(hint, "a path")
