"""`showcam trace` as a person types it, on the running demo."""

from pathlib import Path

import pytest

from showcam.app.trace import text
from showcam.drivers.ezviz.trace_lines import Beside, Call, Ended, Wake
from tests.doubles.program import Program, running

REAL = "real@example.com"


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


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("answer", "opens"), [("n", False), ("y", True)])
def test_a_second_session_is_opened_only_after_a_yes(tmp_path: Path, answer: str, opens: bool) -> None:
    """It may end the first one, which somebody is watching."""
    file = tmp_path / "terrace.ndjson"
    with running(tmp_path) as program:
        program.link("alexa", REAL)
        words = ("trace", "Terrace", "--minutes", "1", "--demo", "--user", REAL, "--file", str(file))
        done = program.command(*words, text=f"{answer}\ny\n", within_s=240)
        assert done.returncode == 0, done.stderr
        assert "May a second session be opened while the first one runs" in done.stderr
        assert (program.calls()["vtdu_ended"] > 0) is opens
    told = [line for line in text.read(file.read_bytes()) if isinstance(line, Beside)]
    assert [line.ended_first for line in told] == [True] * opens


@pytest.mark.timeout(300)
def test_a_battery_camera_whose_first_session_only_wakes_it_is_watched_once_it_is_awake(tmp_path: Path) -> None:
    """As a viewer does, the trace opens another session where one stays empty, and it tells when each began to send."""
    file, user = tmp_path / "mailbox.ndjson", "keys@example.com"
    with running(tmp_path) as program:
        program.link("alexa", user, code="012345")
        program.configure(wake_s=9.0, wake_spread_s=0.0)
        words = ("trace", "Mailbox", "--minutes", "1", "--demo", "--user", user, "--yes", "--file", str(file))
        done = program.command(*words, within_s=240)
        assert done.returncode == 0, done.stderr
    lines = text.read(file.read_bytes())
    [woken] = [line.taken for line in lines if isinstance(line, Wake)]
    first, second, *_ = (line for line in lines if isinstance(line, Ended))
    assert (woken, first.first_byte_ms, first.ms >= 6000) == (True, None, True)
    assert second.first_byte_ms is not None
    assert (second.transport, second.codec, second.picture) == ("rtp", "h265", "hidden"), "no key of it is here"


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
