"""`showcam trace` as a person types it, on the running demo."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from showcam.app.trace import text
from showcam.drivers.ezviz.trace_lines import Beside, Call, Ended, Wake
from tests.doubles.program import Program, running

pytestmark = pytest.mark.proves(
    "A trace opens a second session only after a yes", leans_on="double: EZVIZ's camera and cloud"
)

DEMO, REAL, KEYS = "demo@example.com", "real@example.com", "keys@example.com"


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
    demo.configure(gateway_each=0)  # a call that meets a 504 is made again, and the trace has both
    file = tmp_path / "sign-in.ndjson"
    words = ("trace", "--sign-in", "--demo", "--user", "mfa@example.com", "--yes", "--file", str(file))
    done = demo.command(*words, text=typed)
    assert done.returncode == 0, done.stderr
    calls = [line for line in text.read(file.read_bytes()) if isinstance(line, Call)]
    assert [(call.call, call.code) for call in calls] == codes
    assert {call.host for call in calls} == {"loopback"}
    assert "showcam-demo" not in file.read_text()


@dataclass(frozen=True)
class Made:
    """What became of a minute of `showcam trace`, as it was answered."""

    done: subprocess.CompletedProcess[str]
    file: Path

    def lines(self) -> list[object]:
        assert self.done.returncode == 0, self.done.stderr
        return list(text.read(self.file.read_bytes()))


# by the camera that is traced: whose it is, what else is typed, and the answers
MINUTES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "Terrace": (REAL, (), "y\ny\n"),
    "Garden": (DEMO, (), "n\ny\n"),
    "Mailbox": (KEYS, ("--yes",), ""),
}


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Made]]:
    """A minute each of three cameras, at once."""
    folder = tmp_path_factory.mktemp("minutes")
    with running(folder, troubled=True) as program, ThreadPoolExecutor(len(MINUTES)) as people:
        program.link("alexa", REAL)
        program.link("google", KEYS, code="012345")
        program.login(DEMO)
        # every third list lacks the camera's status, as one in fifteen does: a list before it told the battery
        program.configure(wake_s=9.0, wake_spread_s=0.0, gateway_each=0, empty_each=3)

        def made(camera: str) -> Made:
            user, more, answers = MINUTES[camera]
            file = folder / f"{camera}.ndjson"
            words = ("trace", camera, "--minutes", "1", "--demo", "--user", user, "--file", str(file), *more)
            return Made(program.command(*words, text=answers, within_s=240), file)

        yield dict(zip(MINUTES, people.map(made, MINUTES), strict=True))


@pytest.mark.timeout(500)
@pytest.mark.parametrize(("camera", "opens"), [("Garden", False), ("Terrace", True)], ids=["no", "yes"])
def test_a_second_session_is_opened_only_after_a_yes(minutes: dict[str, Made], camera: str, opens: bool) -> None:
    """It may end the first one, which somebody is watching."""
    told = [line for line in minutes[camera].lines() if isinstance(line, Beside)]
    assert "May a second session be opened while the first one runs" in minutes[camera].done.stderr
    assert [line.ended_first for line in told] == [True] * opens


@pytest.mark.timeout(500)
def test_a_battery_camera_whose_first_session_only_wakes_it_is_watched_once_it_is_awake(
    minutes: dict[str, Made],
) -> None:
    """As a viewer does, the trace opens another session where one stays empty, and it tells when each began to send."""
    lines = minutes["Mailbox"].lines()
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
