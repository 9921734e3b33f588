"""Only an owner's pages and command line decide how an encrypted camera is shown, and ask for its key."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECIDING = frozenset({"decide", "decide_all", "ask_key", "fetch_keys", "set_picture_code"})
# who may call these: the console, the page of consent, the command line, and what carries the calls out
MAY = {
    "showcam/console/home/encryption.py",
    "showcam/console/camera/preferences.py",
    "showcam/console/home/forms.py",
    "oauth/consent.py",
    "showcam/drivers/ezviz/account.py",
    "showcam/registry/owner/control.py",
    "showcam/registry/owner/encrypted.py",
    "showcam/app/cli/camera_settings.py",
}


def sources() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        name for name in listed.split() if not name.startswith(("tests/", "bench/", "showcam/simulator/", "scripts/"))
    ]


def called(name: str) -> set[str]:
    text = (ROOT / name).read_text()
    if not any(word in text for word in DECIDING):
        return set()
    calls = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {call.attr for call in calls if isinstance(call, ast.Attribute)} & DECIDING


def written(name: str) -> bool:
    """Whether it makes preferences with a decision in them."""
    text = (ROOT / name).read_text()
    if "while_encrypted" not in text:
        return False
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    makes = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("Preferences", "replace"))
    return any(keyword.arg == "while_encrypted" for call in makes for keyword in call.keywords)


def test_no_assistant_and_no_voice_can_decide() -> None:
    assert {name for name in sources() if called(name)} == MAY


def test_preferences_are_stored_by_two_modules() -> None:
    """So no import, backup or assistant writes a decision past them. The other two are the stores themselves."""
    storing = {name for name in sources() if "put_preference" in (ROOT / name).read_text()}
    assert storing == {
        "showcam/registry/preferences.py",
        "showcam/store/dynamodb/__init__.py",
        "showcam/store/dynamodb/accounts.py",
        "showcam/store/ports.py",
        "showcam/store/sqlite/accounts.py",
    }


def test_a_decision_is_written_in_one_place() -> None:
    assert {name for name in sources() if written(name)} == {
        "showcam/registry/owner/encrypted.py",
        "showcam/registry/owner/owner.py",
    }
