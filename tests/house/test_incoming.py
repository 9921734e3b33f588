"""What leaves is typed where it is built: only what came from outside is a JSON object of which nothing is known."""

from pathlib import Path

HOUSE = Path(__file__).parents[2]
ROOMS = (
    "showcam/accounts",
    "actions",
    "showcam/alexa",
    "showcam/cast",
    "showcam/console",
    "showcam/engine",
    "showcam/net",
    "oauth",
    "showcam/registry",
    "showcam/app",
    "showcam/drivers",
    "tests/examples",
)


def test_json_of_which_nothing_is_known_has_one_name() -> None:
    files = [file for room in ROOMS for file in (HOUSE / room).rglob("*.py")]
    nameless = [str(file.relative_to(HOUSE)) for file in files if "dict[str, Any]" in file.read_text()]
    assert nameless == ["showcam/net/text.py"]
