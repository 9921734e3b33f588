"""The settings of an installation, typed, with their defaults. showcam.process.settings_sources reads them."""

from pathlib import Path
from typing import Literal

import msgspec

from net.addresses import is_confidential


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
    console: Literal["lan", "public", "off"] = "lan"  # who may reach /home
    console_hosts: tuple[str, ...] = ()  # the house's own names for this machine, beside its addresses and localhost
    cast_devices: tuple[str, ...] = ()  # Cast devices that mDNS does not reach, as NAME=ADDRESS or NAME=ADDRESS:PORT
    cast_receiver_app_id: str = ""  # of showcam's own receiver, from Google's Cast console; empty: Google's default one
    require_audio: tuple[Literal["alexa", "google"], ...] = ("google",)
    explain: Literal["no", "picture"] = "picture"  # with pictures = vendor the default is no
    store: Literal["sqlite", "dynamodb"] = "sqlite"
    table: str = "showcam"  # the DynamoDB table
    table_region: str = ""  # where the table is; empty: the region that AWS's own settings name
    keys_secret: str = ""  # AWS Secrets Manager: id or ARN of the secret the keys come from; empty: the folder keys/
    grant_secret: str = ""  # name or ARN of the secret of the grant key alone, shared with media processes elsewhere
    cookie_secret: str = ""  # name or ARN of the secret of the cookie key alone, which the web function alone may read
    grant_roots: str = ""  # the content of grant_secret, for a media process that is given it directly
    reports_queue: str = ""  # URL of the SQS queue that wakes the function of reports; it and the functions before it
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
    ezviz_rtsp_switch: bool = False  # cameras at home whose RTSP is off are asked to switch it on, with the code
    poll_s: int = 120  # how often a household is read whose vendor sends no messages
    snapshots: bool = True  # whether Alexa is offered still pictures
    alexa_skill_id: str = ""  # whose custom-skill requests are answered; empty: none
    lwa_client_id: str = ""  # Login with Amazon, from the console's page Permissions; empty: no events to Alexa
    lwa_client_secret: str = ""
    amazon_at: str = ""  # host:port of a stand-in for Amazon; empty: Amazon
    google_service_account: str = ""  # the key file of a Google service account, or its content; empty: no reports
    google_at: str = ""  # host:port of a stand-in for Google; empty: Google
    ca_file: Path | None = None  # one more certificate authority to trust towards vendors
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-For and -Proto are believed
    signal_origins: tuple[str, ...] = ("https://www.gstatic.com",)
    sign_ins_per_user: int = 3  # failures in 15 minutes, then the vendor is not called; counted apart per known browser
    sign_ins_per_address: int = 20
    opens_per_minute: int = 6  # per link
    live_per_account: int = 4
    live_per_process: int = 24
    transcodes: int | Literal["auto"] = "auto"  # pictures transcoded at once; auto: as many as there is time for
    stream_cap_s: int = 0  # 0: a stream has no end while somebody watches and the gate holds
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
    def casts(self) -> bool:
        """Whether TVs in the house may be shown cameras: strangers have no house here, nor has AWS."""
        return self.own_media and self.sign_up != "anyone" and not self.all_on_aws

    @property
    def may_transcode(self) -> bool:
        """Whether a picture may be transcoded at all."""
        return self.pictures == "plane" and self.transcodes != 0

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
    def deciphers(self) -> bool:
        """Whether pictures may be deciphered: each way by which web and media processes meet keeps a key secret."""
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
        """Where the console's one-time code is."""
        return self.data / "run" / "home-code"

    @property
    def has_console(self) -> bool:
        return self.console != "off" and not self.all_on_aws

    @property
    def has_lan_cameras(self) -> bool:
        """Whether owners may add cameras by their address in the house; strangers never may, nor does AWS reach any."""
        return self.sign_up != "anyone" and not self.all_on_aws

    @property
    def notifies(self) -> bool:
        """Whether owners are notified of faults: by the worker, and of strangers none gives an address."""
        return self.sign_up != "anyone" and not self.all_on_aws

    @property
    def all_on_aws(self) -> bool:
        """Whether store and keys are both on AWS, so that nothing lasts in the data folder."""
        return self.store == "dynamodb" and bool(self.keys_secret)


SECRETS = frozenset(
    {"ezviz_secret", "lwa_client_secret", "google_service_account", "ezviz_webhook_key", "grant_roots", "turn_secret"}
)  # never written into an error

KEPT = (
    "public_url",
    "trusted_proxies",
    "console_hosts",
    "alexa_skill_id",
    "lwa_client_id",
    "lwa_client_secret",
    "google_service_account",
    "ezviz_key",
    "ezviz_secret",
    "ezviz_webhook_key",
    "stun",
    "turn",
    "turn_secret",
)  # settings that the console and `showcam settings` keep in the database, where no file or variable gives them
