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
    # the folder of the data. The default is for a checkout; the demo's is `var/demo` there. `showcam where` prints the
    # folder of an installed showcam (install.md#places-of-data)
    data: Path = Path("var/showcam")
    # the address showcam listens on. A new value counts from showcam's next start. `0.0.0.0` opens the page
    # `/home` to the house. If nothing gives this setting, `showcam run` asks once at a terminal. Without a terminal it
    # opens the page if the machine has no public IPv4 address, but never in a container
    bind: str = "127.0.0.1"
    port: int = 8080  # the web app
    media_port: int = 8081  # pictures

    # -- Public address
    # the address for assistants: `https://…`, without a path; without it showcam is for a first try at home
    # (reachable.md#a-public-address)
    public_url: str = ""
    # addresses or networks of proxies whose `X-Forwarded-For` and `-Proto` are believed (reachable.md#a-public-address)
    trusted_proxies: tuple[str, ...] = ()
    # the addresses of media processes elsewhere, each with its own `https://…`; or `https://…/*`, one address before
    # any number of them, which report themselves. A media process gets the same (pictures.md)
    media_urls: tuple[str, ...] = ()
    # `vendor`: no media process runs, and displays fetch from EZVIZ itself what they can play (pictures.md)
    pictures: Literal["plane", "vendor"] = "plane"
    # the web app's `https://…`. Media processes elsewhere ask the web app there for sources. Without this setting a
    # media process asks this machine's own port
    web_internal_url: str = ""
    # one more certificate authority to trust, towards vendors and between media and web processes
    ca_file: Path | None = None

    # -- Who may come in
    # who may sign in: `owner` and `invited`, those added with `owner add`; `anyone`, everybody with an EZVIZ account,
    # and then there are no cameras in the house
    sign_up: Literal["owner", "invited", "anyone"] = "owner"
    # `lan`: only the house reaches the page `/home` (cameras.md#what-else-is-there). `public`: everybody reaches the
    # page, by https; if everything is on AWS, each household reaches its own cameras there by its sign-in, and any
    # other value closes the page. `off`: the page is closed. `ADDRESS HEADER` opens it to the
    # house and through your own proxy at this address, which names its base path in this header. A third word says who
    # may show the page in a frame (running.md#a-proxy-of-your-own)
    console: str = "lan"
    # names of this machine in the house, such as `nas.local`. A browser may open `/home` by these names as well as by
    # the machine's addresses and `localhost`. If showcam listens to the house, the first is in every address that it
    # prints, shows as a QR code or sends; in a container, name the machine outside
    console_hosts: tuple[str, ...] = ()
    # the days between the end of a household's last link and the household's deletion. It concerns only a household
    # that began by linking, and linking again prevents it (running.md#a-household-without-a-link)
    unlinked_days: int = 30
    # failed sign-ins for one user name, of EZVIZ or showcam, in any 15 minutes, from all addresses. After this number
    # showcam sends EZVIZ no more sign-ins for the name, so strangers can't lock the account at EZVIZ. The house, and
    # each browser that has signed in before, may fail as often again. One IPv4 address or IPv6 /64 has the failures of
    # nearly seven names
    sign_ins_per_user: int = 3

    # a folder with `product.toml` (`name`, `maker`, `support`, `privacy`, `terms`), and `logo.svg` or `logo.png` if you
    # have one. Customers then see your name and logo in place of showcam's (aws.md#a-product-of-your-own)
    product: Path | None = None

    # -- What is shown
    # for these assistants showcam refuses a camera with Audio off
    require_audio: tuple[Literal["alexa", "google"], ...] = ("google",)
    # `picture`: instead of a camera that can't be shown, a display gets a card with the reason and the fix. The card is
    # in English, Norwegian or German; a household of another language gets English. `no`: the assistant receives a
    # code, and says its own sentence. With `pictures = "vendor"` the value is always `no`
    explain: Literal["no", "picture"] = "picture"
    # pictures that are transcoded at once (pictures.md#transcoded); `auto`: two, or one on a single core, and more as
    # the processor is measured to have time for; `0`: none
    transcodes: int | Literal["auto"] = "auto"

    # the TCP port, such as `8554`, for the household's own programs, which get cameras there by RTSP. Only the house
    # reaches it (pictures.md#by-rtsp). The port is opened at `bind`. `0` opens none
    rtsp_port: int = 0

    idle_s: int = IDLE_S  # a picture ends after this number of seconds without a fetch

    # -- TVs in the house
    # TVs and displays that mDNS does not reach, each `NAME=ADDRESS` or `NAME=ADDRESS:PORT` (tv.md)
    cast_devices: tuple[str, ...] = ()
    # your receiver's id from Google's Cast console, instead of Google's default receiver (tv.md)
    cast_receiver_app_id: str = ""

    # -- MQTT
    # the MQTT broker of the house: `mqtt://USER:PASSWORD@BROKER`, or `mqtts://…` by TLS. Home Assistant's MQTT
    # integration then lists each camera, with motion, rings and whether it can be shown. *Health* says whether the
    # broker takes showcam. The broker must speak MQTT 5; `mqtt://` sends the password in clear
    # (mqtt.md)
    mqtt: str = ""

    # -- EZVIZ
    # the region that showcam asks first for an account. If the account is not there, showcam asks the others
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
    stun: tuple[str, ...] = ("stun.l.google.com:19302", "stun.cloudflare.com:3478")
    # a relay, if STUN is not enough: `turn:host:port?transport=udp` (or `tcp`), or `turns:host:port`
    turn: str = ""
    # the relay's `static-auth-secret`. showcam derives a password from it for each stream; the password expires soon
    turn_secret: str = ""
    # local addresses offered for WebRTC; empty: the machine's own. In a container that publishes `webrtc_ports`, name
    # the address of the machine outside
    ice_addresses: tuple[str, ...] = ()
    # the UDP ports of WebRTC, such as `50000-50050`, for a firewall or a container that lets in only named ports. Each
    # viewer takes a port. Without this setting the system chooses any port (pictures.md#webrtc-across-the-internet)
    webrtc_ports: str = ""

    # -- Limits
    # cameras a link may open in a minute. A picture that somebody watches already is joined uncounted, and what an
    # owner's page opens is not counted
    opens_per_minute: int = 6
    # the number of cameras that a household may have live at once. A camera counts once, with any number of viewers.
    # This limit holds in three cases: on AWS, if media processes run elsewhere, and with `sign_up = "anyone"`. At home
    # the machine's load is the limit (pictures.md#how-many-at-once)
    live_per_account: int = 4
    # the seconds that a page, an offer or a check of a live stream waits for a vendor. A sign-in waits ten seconds.
    # Alexa and Google have their own times (architecture.md#how-long-a-vendor-is-waited-for)
    request_s: float = 3.0

    # -- For whoever examines it
    # opens `/metrics` to a Prometheus on another machine, which sends it as a bearer: 32 characters or more. Without it
    # only this machine may read the page, and nobody while there is a `public_url`
    metrics_token: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"  # logged: messages of this level and graver ones

    # -- On AWS
    store: Literal["sqlite", "dynamodb"] = "sqlite"  # the database of the accounts and links
    table: str = "showcam"  # DynamoDB's table
    table_region: str = ""  # the table's AWS region, if it is not the process's own
    # name or ARN of the AWS secret. showcam derives the keys from it; without it the keys are in the folder `keys/`
    keys_secret: str = ""
    # name or ARN of the AWS secret that holds only the grant key. Media processes elsewhere share it (pictures.md)
    grant_secret: str = ""
    # name or ARN of the AWS secret that holds the key for signing cookies. Only the web function may read it
    cookie_secret: str = ""
    grant_roots: str = ""  # the contents of `grant_secret`, for a process with this secret in its environment
    reports_queue: str = ""  # the address of the queue that wakes the function of reports
    # names or ARNs of the AWS secrets that hold secret settings of this page; of two values of a setting the last
    # counts
    settings_secret: tuple[str, ...] = ()


# never written into an error
SECRETS = frozenset(
    (
        *("ezviz_secret", "ezviz_webhook_key", "google_service_account", "grant_roots", "lwa_client_secret"),
        *("metrics_token", "mqtt", "turn_secret"),
    )
)

# settings that the console and `showcam settings` keep in the database, if no file or variable gives them
KEPT = (
    *("bind", "public_url", "trusted_proxies", "console_hosts", "alexa_skill_id", "lwa_client_id"),
    *("lwa_client_secret", "google_service_account", "ezviz_key", "ezviz_secret", "ezviz_webhook_key", "stun"),
    *("turn", "turn_secret", "mqtt"),
)

# settings of earlier versions. If a file or variable still gives one, showcam warns and ignores the setting
GONE = frozenset(
    (
        *("amazon_at", "body_limit", "ezviz_api", "ezviz_cloud", "ezviz_local", "ezviz_open", "ezviz_push"),
        *("ezviz_push_at", "ezviz_rtsp_switch", "gate_check_s", "google_at", "live_per_process", "media_url"),
        *("sign_in_s", "sign_ins_per_address", "signal_origins", "snapshots", "stream_cap_s", "threads"),
        *("web_cores", "without"),
    )
)
