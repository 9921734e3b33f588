"""The settings of an installation, typed, with their defaults, and which are kept, secret or gone."""

from pathlib import Path
from typing import Literal

import msgspec

from showcam.engine.grants import IDLE_S


class SettingsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in seconds, addresses without a trailing slash.

    scripts/settings.py makes the page of settings from the comments here: `# -- Title` begins a part of it, the comment
    above or behind a field is its meaning, and (page.md#heading) becomes a link.
    """

    # -- This machine
    # the folder of the data; the demo's is `var/demo`
    data: Path = Path("var/showcam")
    # the address on which showcam listens, from its next start on; `0.0.0.0` opens the page `/home` to the house. Where
    # nothing gives it, `showcam run` asks once at a terminal, and without one opens it where no IPv4 address of the
    # machine is public
    bind: str = "127.0.0.1"
    port: int = 8080  # the web app
    media_port: int = 8081  # pictures
    # the demo's practice page; the three ports after it are the simulated EZVIZ's, the next two are those of the camera
    # Barn, and `/_control` there lists those that the system chose
    simulator_port: int = 8082

    # -- Public address
    # where assistants reach you: `https://…`, without a path; without it showcam is for a first try at home
    # (running.md#a-public-address)
    public_url: str = ""
    # addresses or networks of proxies whose `X-Forwarded-For` and `-Proto` are believed (running.md#a-public-address)
    trusted_proxies: tuple[str, ...] = ()
    media_url: str = ""  # where displays fetch pictures, if not at `public_url`
    # instead of `media_url`: media processes elsewhere, each at an `https://…` of its own (pictures.md)
    media_urls: tuple[str, ...] = ()
    # `vendor`: no media process runs, and displays fetch from EZVIZ itself what they can play (pictures.md)
    pictures: Literal["plane", "vendor"] = "plane"
    # where a media process elsewhere asks for sources: the web app's `https://…`; without it, this machine's own port
    web_internal_url: str = ""
    # one more certificate authority to trust, towards vendors and between media and web processes
    ca_file: Path | None = None

    # -- Who may come in
    # who may sign in: `owner` and `invited`, those added with `owner add`; `anyone`, everybody with an EZVIZ account,
    # and then there are no cameras in the house
    sign_up: Literal["owner", "invited", "anyone"] = "owner"
    # who may reach the page `/home`: `lan`, the house alone (running.md#your-cameras-page); `public`, everybody, by
    # https; `off`, nobody, as is always so where everything is on AWS
    console: Literal["lan", "public", "off"] = "lan"
    # names of this machine in the house, such as `nas.local`, by which `/home` may be opened beside its addresses and
    # `localhost`
    console_hosts: tuple[str, ...] = ()
    # failed sign-ins for one user name, of EZVIZ or showcam, in any 15 minutes, from all addresses; after them showcam
    # sends EZVIZ no more, so strangers can't lock the account there. A browser that signed in before has as many of its
    # own. One IPv4 address or IPv6 /64 has the failures of nearly seven names
    sign_ins_per_user: int = 3

    # -- What is shown
    # assistants that refuse a camera with Audio off
    require_audio: tuple[Literal["alexa", "google"], ...] = ("google",)
    # `picture`: in place of a camera that can't be shown, a display gets a card with reason and mend, in English,
    # Norwegian or German; a household of another language gets English. `no`: the assistant receives a code, and says a
    # sentence of its own. With `pictures = "vendor"` it is `no`
    explain: Literal["no", "picture"] = "picture"
    # pictures that are transcoded at once (pictures.md#transcoded); `auto`: two, or one on a single core, and more as
    # the processor is measured to have time for; `0`: none
    transcodes: int | Literal["auto"] = "auto"

    idle_s: int = IDLE_S  # seconds without a fetch after which a picture ends

    # -- TVs in the house
    # TVs and displays that mDNS does not reach, each `NAME=ADDRESS` or `NAME=ADDRESS:PORT` (tv.md)
    cast_devices: tuple[str, ...] = ()
    # the id of a receiver of your own, from Google's Cast console, in place of Google's default one (tv.md)
    cast_receiver_app_id: str = ""

    # -- EZVIZ
    # where accounts are looked for first; if none is there, the other regions are asked
    ezviz_region: Literal["eu", "us", "sa", "sg", "in", "ru"] = "eu"
    # appKey of the installation's own Open Platform application, for households with sub-accounts (ezviz.md)
    ezviz_key: str = ""
    ezviz_secret: str = ""  # the secret of `ezviz_key`
    # verifies the messages that the Open Platform posts to `/webhooks/ezviz`; without it that address answers 404
    # (ezviz-events.md)
    ezviz_webhook_key: str = ""
    poll_s: int = 120  # the longest time in seconds between two readings of a household (ezviz-events.md#reading)
    # hosts in place of EZVIZ's, for practice: of the app's API, then of the Open Platform, then of the messages that
    # EZVIZ sends its app. `127.0.0.1:port` as the second permits pictures from there too, and from no other address on
    # this machine
    ezviz_at: tuple[str, ...] = ()

    # -- Alexa
    # the Alexa skill whose spoken requests are answered; without it all are refused (alexa.md)
    alexa_skill_id: str = ""
    # Login with Amazon: the client id of the console's page *Permissions*; without it no change is reported to Alexa
    lwa_client_id: str = ""
    lwa_client_secret: str = ""  # the secret of `lwa_client_id`
    assistants_at: str = ""  # host and port in place of Amazon's and Google's, for practice

    # -- Google
    # the key file of the Google service account that reports changes, or its content; without it nothing is reported to
    # Google (google.md#changes-and-rings)
    google_service_account: str = ""

    # -- WebRTC
    # STUN servers, each `host:port`. By them displays away from home, and all Echos, reach a machine behind a router.
    # The default ones belong to others, who learn this house's address. `[]` uses none (in the environment an empty
    # text); the demo uses none (pictures.md#webrtc-across-the-internet)
    stun: tuple[str, ...] = (
        "stun.l.google.com:19302",
        "stun.cloudflare.com:3478",
    )
    # a relay where STUN is not enough: `turn:host:port?transport=udp` (or `tcp`), or `turns:host:port`
    turn: str = ""
    turn_secret: str = ""  # the relay's `static-auth-secret`, from which each stream gets a password that expires soon
    ice_addresses: tuple[str, ...] = ()  # local addresses offered for WebRTC; empty: the machine's own

    # -- Limits
    # cameras a link may open in a minute. A picture that somebody watches already is joined uncounted, and what an
    # owner's page opens is not counted
    opens_per_minute: int = 6
    # cameras a household may have live at once, however many watch each: on AWS, where media processes run elsewhere,
    # and with `sign_up = "anyone"`. At home the machine's load is the limit (pictures.md#how-many-at-once)
    live_per_account: int = 4
    # seconds after which a page, an offer or a check of a live stream stops waiting for a vendor, and a sign-in one
    # second later; Alexa and Google have times of their own (architecture.md#how-long-a-vendor-is-waited-for)
    request_s: float = 3.0

    # -- For whoever examines it
    log_level: Literal["debug", "info", "warning", "error"] = "info"  # what is logged: this and what is graver

    # -- On AWS
    store: Literal["sqlite", "dynamodb"] = "sqlite"  # where accounts and links are kept
    table: str = "showcam"  # DynamoDB's table
    table_region: str = ""  # the table's AWS region, if it is not the process's own
    # name or ARN of the AWS secret from which the keys are derived; without it they are in the folder `keys/`
    keys_secret: str = ""
    # name or ARN of the AWS secret of the grant key alone, which media processes elsewhere share (pictures.md)
    grant_secret: str = ""
    # name or ARN of the AWS secret of the key that signs cookies, which the web function alone may read
    cookie_secret: str = ""
    grant_roots: str = ""  # the contents of `grant_secret`, for a process that gets them in its environment
    reports_queue: str = ""  # the address of the queue that wakes the function of reports
    # names or ARNs of the AWS secrets that hold secret settings of this page; of two values of a setting the last
    # counts
    settings_secret: tuple[str, ...] = ()


SECRETS = frozenset(
    {"ezviz_secret", "lwa_client_secret", "google_service_account", "ezviz_webhook_key", "grant_roots", "turn_secret"}
)  # never written into an error

KEPT = (
    "bind",
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

GONE = frozenset(
    {
        "amazon_at",
        "body_limit",
        "ezviz_api",
        "ezviz_cloud",
        "ezviz_local",
        "ezviz_open",
        "ezviz_push",
        "ezviz_push_at",
        "ezviz_rtsp_switch",
        "gate_check_s",
        "google_at",
        "live_per_process",
        "sign_in_s",
        "sign_ins_per_address",
        "signal_origins",
        "snapshots",
        "stream_cap_s",
        "threads",
        "web_cores",
        "without",
    }
)  # names of earlier versions; one that is still given is ignored, with a warning
