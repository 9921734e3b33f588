"""Function starts, and starts that fail with a named fault."""

import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.aws import Cloud
from tests.doubles.runtime_api import Environment
from tests.doubles.waiting import LONG_S

FAULTS: list[tuple[dict[str, str], str, str]] = [
    ({"SHOWCAM_KEYS_SECRET": "gone"}, "SecretUnreadable", "the secret gone can't be read: there is none of that"),
    ({"SHOWCAM_PUBLIC_URL": "http://x.example"}, "SettingsError", "assistants only come to https"),
    ({"SHOWCAM_KEYS_SECRET": ""}, "KeysUnreadable", "keys_secret is not set"),
    ({"SHOWCAM_SETTINGS_SECRET": "gone"}, "SettingsError", "settings_secret from the environment"),
    ({"SHOWCAM_TABEL": "x"}, "SettingsError", "tabel from the environment (SHOWCAM_TABEL) is no setting"),
]
# all functions read settings and keys by the same code: the others show by a fault of each that they do
BEGUN = [("directives", *fault) for fault in FAULTS]
BEGUN += [(function, *fault) for function in ("fulfillment", "web") for fault in FAULTS[:2]]


@pytest.mark.parametrize(
    ("function", "settings", "kind", "expected"),
    BEGUN,
    ids=lambda value: " ".join(value) if isinstance(value, dict) else str(value)[:20],
)
def test_a_missing_setting_fails_the_start(
    environment: Callable[..., Environment], function: str, settings: dict[str, str], kind: str, expected: str
) -> None:
    begun = environment(function, **settings)
    assert begun.init_error is not None
    assert begun.init_error["errorType"] == kind
    assert expected in begun.init_error["errorMessage"]
    assert begun.process.wait(LONG_S) == 1


@pytest.mark.parametrize(
    "held", ["planted-secret", {"root": "planted-secret"}, {"root": "planted-secret" * 4, "olde": []}], ids=str
)
def test_a_wrong_secret_is_not_logged(environment: Callable[..., Environment], cloud: Cloud, held: Any) -> None:
    name = f"spoiled-{secrets.token_hex(4)}"
    cloud.secret(name, held)
    begun = environment("directives", SHOWCAM_KEYS_SECRET=name)
    assert begun.init_error is not None
    assert name in begun.init_error["errorMessage"]
    assert "planted-secret" not in str(begun.init_error) + begun.log


def test_a_wrong_handler_string_fails_the_start(task: Callable[[str], Any], brought: Any, stack: Any) -> None:
    with Environment(task("directives"), "lambda/fulfillment.handler", stack.environ, brought) as begun:
        assert begun.init_error is not None
        assert begun.init_error["errorType"] == "Runtime.ImportModuleError"
        assert re.search("No module named 'lambda.fulfillment'", begun.init_error["errorMessage"])
