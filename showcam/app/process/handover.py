"""The environment that `showcam run` hands to each process it starts, with the process's share of the settings.

Nothing else of the outer environment reaches the process: whoever breaks into the media process finds neither the
vendor's secret nor AWS's. A further setting, secret or variable for a process is added here.
"""

import base64
import os
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from showcam.app import keys
from showcam.app.settings import SECRETS, Settings

VARIABLE = "SHOWCAM_SETTINGS"
ORIGINS = "SHOWCAM_ORIGINS"  # the settings that files, variables and options give, for the pages

STARTED = "SHOWCAM_STARTED"  # start of the supervisor, in epoch seconds

_EVERYONE = frozenset(
    {"PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "TERM", "NO_COLOR"}
)
_EVERYONE_BEGIN = ("LC_", "PYTHON")
_AWS = frozenset({"HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"})
_OF_BOTH = frozenset(
    {"ezviz_secret", "ezviz_webhook_key", "lwa_client_secret", "google_service_account", "grant_roots"}
)
_SECRETS = {"web": _OF_BOTH | {"metrics_token"}, "worker": _OF_BOTH | {"mqtt"}}
MEDIA = frozenset(
    (
        *(
            "demo",
            "data",
            "bind",
            "port",
            "media_port",
            "web_internal_url",
            "media_urls",
            "ezviz_at",
            "ca_file",
            "sign_up",
        ),
        *("store", "live_per_account", "transcodes", "idle_s", "log_level", "stun", "turn", "turn_secret"),
        *("trusted_proxies", "ice_addresses", "webrtc_ports", "rtsp_port", "public_url"),
    )
)


def environment(process: str, settings: Settings, outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`process` is a name: web, media, worker or simulator. Raises KeysUnreadable, SecretUnreadable."""
    own = {name: text for name, text in outer.items() if name in _EVERYONE or name.startswith(_EVERYONE_BEGIN)}
    own["PYTHONSAFEPATH"] = "1"  # for the processes that this process starts
    # an empty or relative entry would make the current folder importable in spite of PYTHONSAFEPATH
    own["PYTHONPATH"] = os.pathsep.join(filter(os.path.isabs, own.get("PYTHONPATH", "").split(os.pathsep)))
    if process == "simulator":
        return own
    if process == "media":
        return own | _given(_of_media(settings)) | _grant_keys(settings)
    if settings.store == "dynamodb" or settings.keys_secret or settings.grant_secret:
        own |= {name: text for name, text in outer.items() if name in _AWS or name.startswith("AWS_")}
    withheld = dict.fromkeys(SECRETS - _SECRETS[process], "")
    return own | _given(msgspec.structs.replace(settings, **withheld))


def hand_origins(origins: Mapping[str, str]) -> None:
    """Hands the origins to the processes that this one starts; origins from a supervisor stay as they are."""
    os.environ.setdefault(ORIGINS, msgspec.json.encode(origins).decode())


def origins() -> dict[str, str]:
    """The origin of each setting: the file, variable or option that gives it, as found by supervisor or command."""
    return msgspec.json.decode(os.environ.get(ORIGINS, "{}"), type=dict[str, str])


def started() -> float:
    """The time of the start: the supervisor's with all its processes, else the start of this process."""
    return float(os.environ.get(STARTED) or time.time())


def handed_over() -> Settings | None:
    """The settings that this process was handed; None if a person started it."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    return msgspec.json.decode(text, type=Settings, dec_hook=lambda hint, value: Path(value))


def _given(settings: Settings) -> dict[str, str]:
    return {VARIABLE: msgspec.json.encode(settings, enc_hook=str).decode()}


def _of_media(settings: Settings) -> Settings:
    """Leaves out the public address without RTSP, since media ends all video when one of its settings changes."""
    read = MEDIA if settings.rtsp_port else MEDIA - {"public_url"}
    return Settings(**{name: getattr(settings, name) for name in read})


def _grant_keys(settings: Settings) -> dict[str, str]:
    """The grant keys, if they are derived from a root that makes the other keys too; else media reads its file."""
    if not keys.from_root(settings):
        return {}
    return {keys.HANDED: " ".join(base64.b64encode(key).decode() for key in keys.grant_of(settings))}
