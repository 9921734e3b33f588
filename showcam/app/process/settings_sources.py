"""The sources of settings. If two sources give a value, the later source in this list counts.

Defaults, what showcam keeps, `showcam.toml`, secrets on AWS, `SHOWCAM_*` in the environment, the command line.

showcam.app.places finds that file. If no source names the data's folder, places finds that too.
"""

import logging
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from showcam.app import obstacles, places
from showcam.app.settings import GONE, KEPT, SECRETS, Settings
from showcam.app.settings_rules import faults
from showcam.app.settings_table import SettingsTable

log = logging.getLogger(__name__)


class SettingsError(Exception):
    """A setting can't be used; the text names it, its value unless secret, and its origin."""


@dataclass(frozen=True)
class _Given:
    value: Any
    origin: str  # for an error's text


DEMO: Mapping[str, object] = {
    "sign_up": "invited",
    # ten times the limits: a person tries things, and so do the tests
    "sign_ins_per_user": 30,
    "ice_addresses": ["127.0.0.1"],
    "stun": [],
}


def load(
    *,
    demo: bool = False,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    kept: Mapping[str, str] | None = None,
) -> Settings:
    """The settings from all sources. Raises SettingsError.

    `overrides`: the command line's options; None means not given.

    `kept`: texts of the settings that showcam keeps; unknown names among them are left out.
    """
    found = places.find(os.environ if environ is None else environ)
    given = {"data": _Given(found.demo if demo else found.data, "the place of the data (showcam where)")}
    return _settings(given | _given_of(demo, environ, file, overrides, kept or {}), demo=demo)


def origins(
    *,
    demo: bool = False,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """The origin of each setting, except for defaults and for settings that showcam itself keeps."""
    return {name: given.origin for name, given in _given_of(demo, environ, file, overrides, {}).items()}


def changed(settings: Settings, texts: Mapping[str, str | None]) -> Settings:
    """The settings with some of KEPT as given, and the default for None. Raises SettingsError for the first fault."""
    given = {name: _Given(_of_text(name, text), "what you gave") for name, text in texts.items() if text is not None}
    values = dict.fromkeys(texts, None) | {name: _convert(name, setting) for name, setting in given.items()}
    defaults = Settings()
    new = {name: getattr(defaults, name) if value is None else value for name, value in values.items()}
    candidate = msgspec.structs.replace(settings, **new)
    for name, why in faults(candidate):
        raise SettingsError(f"{name} can't be {_shown(name, getattr(candidate, name))}: {why}")
    return candidate


def _given_of(
    demo: bool,
    environ: Mapping[str, str] | None,
    file: Path | None,
    overrides: Mapping[str, Any] | None,
    kept: Mapping[str, str],
) -> dict[str, _Given]:
    environ = os.environ if environ is None else environ
    given = {name: _Given(value, "the demo") for name, value in DEMO.items()} if demo else {}
    given |= {
        name: _Given(_of_text(name, text), "what showcam keeps (showcam settings list)")
        for name, text in kept.items()
        if name in KEPT
    }
    given |= _from_file(environ, file)
    variables = from_environment(environ)
    given |= _from_secrets(variables.get("settings_secret") or given.get("settings_secret")) | variables
    given |= {name: _Given(value, "the command line") for name, value in (overrides or {}).items() if value is not None}
    for name in given.keys() & {*GONE, *_OF_DEMO}:
        log.warning("the setting %s from %s is gone, and is ignored: delete it there", name, given.pop(name).origin)
    if port := environ.get("SHOWCAM_SIMULATOR_PORT"):
        given["simulator_port"] = _Given(port, "the environment (SHOWCAM_SIMULATOR_PORT)")
    if "explain" not in given and "pictures" in given and given["pictures"].value == "vendor":
        given["explain"] = _Given("no", "the defaults")  # no media process draws the card
    if "demo" in given:
        raise SettingsError(f"demo from {given['demo'].origin}: say showcam run --demo instead")
    return given


def _settings(given: Mapping[str, _Given], *, demo: bool) -> Settings:
    settings = Settings(demo=demo, **{name: _convert(name, setting) for name, setting in given.items()})
    for name, why in faults(settings):
        origin = given[name].origin if name in given else "the defaults"
        raise SettingsError(f"{name} from {origin} is {_shown(name, getattr(settings, name))}: {why}")
    return settings


def file_of(environ: Mapping[str, str], file: Path | None) -> Path:
    """The settings file: `file`, which the command line named, else a variable's, else that of the place."""
    return _named_file(environ, file) or places.find(environ).file


def _named_file(environ: Mapping[str, str], file: Path | None) -> Path | None:
    return file or (Path(environ["SHOWCAM_CONFIG"]) if environ.get("SHOWCAM_CONFIG") else None)


def _from_file(environ: Mapping[str, str], file: Path | None) -> dict[str, _Given]:
    named, path = _named_file(environ, file), file_of(environ, file)
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        if named:
            raise SettingsError(f"{path}: there is no such file") from None
        return {}
    except OSError as error:
        said = obstacles.sentence(f"The settings file {path}", path, error, "read", "--config")
        raise SettingsError(said) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}. Correct it, or name another with --config.") from None
    return {
        name: _Given(_split(value) if name in _ONCE_TEXTS and isinstance(value, str) else value, str(path))
        for name, value in values.items()
    }


_ONCE_TEXTS = ("stun", "settings_secret")  # lists now; older files hold a text with commas


def _from_secrets(named: _Given | None) -> dict[str, _Given]:
    if named is None:
        return {}
    given: dict[str, _Given] = {}
    for secret in _convert("settings_secret", named):
        given |= _from_secret(secret, named)
    return given


def _from_secret(secret: str, named: _Given) -> dict[str, _Given]:
    from showcam.app.aws import boto

    try:
        held = boto.read_secret(secret)
    except boto.SecretUnreadable as error:
        raise SettingsError(f"settings_secret from {named.origin}: {error}") from None
    for name, value in held.items():
        if name not in SECRETS or not isinstance(value, str):
            known = ", ".join(sorted(SECRETS))
            raise SettingsError(f"settings_secret from {named.origin}: it holds texts named {known}, not {name!r}")
    return {name: _Given(value, f"the secret {secret}") for name, value in held.items()}


# Variables that other modules read, and the demo's.
_NOT_SETTINGS = {
    "SHOWCAM_CONFIG",
    "SHOWCAM_SETTINGS",
    "SHOWCAM_ORIGINS",
    "SHOWCAM_STARTED",
    "SHOWCAM_GRANT_KEYS",
    "SHOWCAM_SIMULATOR_PORT",
}
_OF_DEMO = {"simulator_port": int}  # its variable is SHOWCAM_SIMULATOR_PORT
_OF_TESTS = ("SHOWCAM_TEST_", "SHOWCAM_SCHEMAS")


def from_environment(environ: Mapping[str, str]) -> dict[str, _Given]:
    """The settings that `SHOWCAM_…` variables give."""
    given = {}
    for variable, text in environ.items():
        if not variable.startswith("SHOWCAM_") or variable in _NOT_SETTINGS or variable.startswith(_OF_TESTS):
            continue
        name = variable.removeprefix("SHOWCAM_").lower()
        given[name] = _Given(_of_text(name, text), f"the environment ({variable})")
    return given


def _of_text(name: str, text: str) -> str | list[str]:
    return _split(text) if _is_list(name) else text


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _is_list(name: str) -> bool:
    hint = SettingsTable.__annotations__.get(name)
    return getattr(hint, "__origin__", None) is tuple


def _convert(name: str, given: _Given) -> Any:
    hint = SettingsTable.__annotations__.get(name) or _OF_DEMO.get(name)
    if hint is None:
        known = ", ".join(sorted(SettingsTable.__annotations__))
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
