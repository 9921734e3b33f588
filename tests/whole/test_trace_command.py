"""`showcam trace` as a person types it, on the running demo."""

from pathlib import Path

import pytest

from registry.drivers.ezviz.trace_lines import Call
from showcam.trace import text
from tests.doubles.program import Program


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("showcam-demo\n012345\n", [("sign_in", 6002), ("code", 200), ("sign_in", 200), ("system", 200)]),
        ("wrong\n", [("sign_in", 1014)]),
    ],
    ids=["with a code", "a wrong password"],
)
def test_a_trace_of_signing_in_tells_the_codes(
    demo: Program, tmp_path: Path, typed: str, codes: list[tuple[str, int]]
) -> None:
    file = tmp_path / "sign-in.ndjson"
    words = ("trace", "--sign-in", "--demo", "--user", "mfa@example.com", "--yes", "--file", str(file))
    done = demo.command(*words, text=typed)
    assert done.returncode == 0, done.stderr
    calls = [line for line in text.read(file.read_bytes()) if isinstance(line, Call)]
    assert [(call.call, call.code) for call in calls] == codes
    assert {call.host for call in calls} == {"loopback"}
    assert "showcam-demo" not in file.read_text()


@pytest.mark.parametrize("words", [(), ("Garden", "--sign-in"), ("Garden", "--assistant", "alexa")])
def test_one_thing_is_traced(demo: Program, words: tuple[str, ...]) -> None:
    done = demo.command("trace", "--demo", *words)
    assert done.returncode == 2
    assert "Say one of these" in done.stderr


def test_nothing_is_saved_without_a_yes(demo: Program, tmp_path: Path) -> None:
    file = tmp_path / "sign-in.ndjson"
    words = ("trace", "--sign-in", "--demo", "--user", "mfa@example.com", "--file", str(file))
    done = demo.command(*words, text="wrong\nn\n")
    assert (done.returncode, file.exists()) == (1, False)
    assert '"code":1014' in done.stdout, "all of it is shown before"
    assert "Nothing was saved." in done.stderr


def test_an_assistant_that_made_no_offer_is_said_so(demo: Program, tmp_path: Path) -> None:
    (demo.data / "run" / "offers-google.ndjson").unlink(missing_ok=True)  # another test shares the demo
    done = demo.command("trace", "--demo", "--assistant", "google", "--yes", "--file", str(tmp_path / "google.ndjson"))
    assert done.returncode == 1
    assert "No offer of Google has come here." in done.stderr
