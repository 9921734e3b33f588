"""The health page: the doctor's findings, the backup, the log, and a diagnosis that tells nothing of anybody."""

import html
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from showcam.console.health.machine import Finding
from showcam.console.health.page import masked
from showcam.i18n.catalogue import worded
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, moment
from tests.doubles.linking_world import USER

pytestmark = pytest.mark.proves(
    "The health page examines one household, and gives a backup and a diagnosis without names",
    also=("tests/showcam/test_machine.py",),
)

AT = "/home/health"


def page(world: HomeWorld) -> HomeBrowser:
    return world.signed_in().visit(AT)


def diagnosis(browser: HomeBrowser) -> str:
    assert browser.answer is not None
    return html.unescape(browser.answer.text.partition('lang="en">showcam ')[2].partition("</textarea>")[0])


def test_what_the_machine_is_stands_there_and_nothing_is_examined_unasked(world: HomeWorld) -> None:
    text = page(world).text
    assert "Version 0.2.0 (Python 3.13.5) Public address" in text
    assert "Public address https://home.example Live now 2" in text
    assert "Disk 1024 of 4096 MiB free Database 4 KiB" in text
    assert world.machine.examined == []


@pytest.mark.parametrize(
    ("newer", "changed", "said"),
    [
        ("0.3.0", 1_800_000_000.0, "Update Restart showcam for version 0.3.0."),
        ("", 1_800_000_000.0, f"Update Restart showcam: changed {moment(1_800_000_000.0)}"),
    ],
)
def test_a_newer_program_on_the_disk_is_said(world: HomeWorld, newer: str, changed: float, said: str) -> None:
    world.machine.newer, world.machine.changed = newer, changed
    assert said in page(world).text


def test_where_the_media_process_is_silent_it_says_so(world: HomeWorld) -> None:
    world.machine.live = None
    assert "Live now no answer" in page(world).text


def test_the_doctor_examines_the_owners_household_alone(world: HomeWorld) -> None:
    browser = page(world).send(AT, step="examine")
    assert world.machine.examined == [world.home.account.id]
    assert re.search(r"Faults: 1\. Examined \d{4}-\d\d-\d\d \d\d:\d\d\. ✗ Wrong", browser.text) is not None
    assert "✗ Wrong name home.example : it leads to 203.0.113.9" in browser.text
    assert browser.text.index("name home.example") < browser.text.index("camera Garden") < browser.text.index("disk :")


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ((Finding("disk", "ok", "well"),), "No faults."),
        ((Finding("a", "wrong", "x"), Finding("b", "wrong", "y")), "Faults: 2."),
    ],
)
def test_how_many_things_are_wrong_is_said(world: HomeWorld, findings: tuple[Finding, ...], said: str) -> None:
    world.machine.findings = findings
    assert said in page(world).send(AT, step="examine").text


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "de",
            "✗ Falsch Name home.example : er führt zu 203.0.113.9 Prüfe, ob dieser Rechner ins Internet kommt.",
        ),
        ("nb", "✗ Feil navn home.example : det fører til 203.0.113.9 Se etter at denne maskinen når internett."),
    ],
)
def test_findings_are_in_the_page_s_language_and_the_diagnosis_in_english(
    world: HomeWorld, locale: str, said: str
) -> None:
    leads = worded("it leads to {addresses}", addresses="203.0.113.9")
    mend = worded("See that this machine reaches the internet.")
    world.machine.findings = (Finding(worded("name {host}", host="home.example"), "wrong", leads, mend),)
    browser = page(world)
    browser.headers["Accept-Language"] = locale
    browser.send(AT, step="examine")
    assert said in browser.text
    assert "WRONG  name (host): it leads to (address)" in diagnosis(browser)


def test_a_document_that_a_finding_names_is_a_press_away(world: HomeWorld) -> None:
    mend = worded("Set {name}, see {page}.", name="<b>", page="/help/docs/google.md")
    world.machine.findings = (Finding(worded("HomeGraph"), "wrong", worded("no key"), mend),)
    browser = page(world).send(AT, step="examine")
    assert browser.answer is not None
    assert 'Set &lt;b&gt;, see <a href="/help/docs/google.md">/help/docs/google.md</a>.' in browser.answer.text


def test_a_diagnosis_names_nobody(world: HomeWorld) -> None:
    copied = diagnosis(page(world).send(AT, step="examine"))
    assert "WRONG  dns_wrong  name (host): it leads to (address)" in copied
    assert "?  camera (name): asleep, of (name) at (address)" in copied
    for name in (USER, "Garden", "home.example", "203.0.113.9", "fd00::7"):
        assert name not in copied


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("camera Garden and Gardener", "camera (name) and Gardener"),
        ("at 192.168.1.5:8080, version 1.2.3", "at (address):8080, version 1.2.3"),
        ("from 2001:db8::1 at 12:30", "from (address) at 12:30"),
        ("of kari@example.com", "of (account)"),
        ("skill amzn1.ask.skill.12-ab", "skill (id)"),
        ("household rp6huegpmptwuaqm ended", "household (id) ended"),
        ("at cam.example.org twice: cam.example.org", "at (host) twice: (host)"),
        ("C3TN (front)", "C3TN (front)"),
    ],
)
def test_names_and_addresses_are_masked(text: str, shown: str) -> None:
    assert masked(text, ["Garden", "", "Back (yard)"], "cam.example.org") == shown


def test_a_backup_is_downloaded_and_leaves_no_file(world: HomeWorld, tmp_path: Path) -> None:
    browser = page(world)
    answer = browser.ask("POST", AT, data={"csrf_token": browser.token, "step": "backup"})
    assert (answer.status_code, answer.data) == (200, b"backup of everything")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="showcam-')
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_that_cant_be_made_says_why(world: HomeWorld, tmp_path: Path) -> None:
    world.machine.why_not = "The disk is full."
    browser = page(world).send(AT, step="backup")
    assert browser.status == 403
    assert "Not written. Is there room, and may showcam write there?" in browser.text
    assert "What it was, in English The disk is full." in browser.text
    browser.headers["Accept-Language"] = "nb"
    assert "Ikke skrevet. Er det plass, og får showcam skrive der?" in browser.send(AT, step="backup").text
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_for_which_the_disk_takes_no_folder_says_why(world: HomeWorld, tmp_path: Path) -> None:
    (tmp_path / "backups").touch()
    browser = page(world).send(AT, step="backup")
    assert browser.status == 403
    assert "Not written. Is there room, and may showcam write there?" in browser.text
    assert "File exists" in browser.text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['{"event": "<two>"}'], 'The last 1 lines, in English {"event": "<two>"}'),
        ([], "The system keeps the log"),
    ],
)
def test_the_log_is_read(world: HomeWorld, lines: list[str], said: str) -> None:
    world.machine.lines = lines
    assert said in world.signed_in().visit(f"{AT}/log").text


def test_warnings_and_errors_are_worded_in_the_page_s_language_and_their_lines_are_folded(world: HomeWorld) -> None:
    at = moment(datetime(2026, 11, 27, 7, 2, tzinfo=UTC).timestamp())
    world.machine.lines = [
        '{"event": "the vendor is away", "level": "warning", "part": "worker", "timestamp": "2026-11-27T07:00:00Z"}',
        '{"event": "well", "level": "info", "part": "web", "timestamp": "2026-11-27T07:01:00Z"}',
        '{"event": "the vendor is away", "level": "warning", "part": "worker", "timestamp": "2026-11-27T07:02:00Z"}',
        '{"event": "broke", "level": "error", "part": "media", "timestamp": "2026-11-27T07:02:00Z"}',
        '{"event": "no time", "level": "error", "part": "media", "timestamp": "when"}',
        "half a li",
    ]
    browser = world.signed_in()
    browser.headers["Accept-Language"] = "nb"
    answer = browser.visit(f"{AT}/log").answer
    assert answer is not None
    summaries = [html.unescape(summary) for summary in re.findall(r"<summary>(.*?)</summary>", answer.text)]
    assert summaries == [
        f"Feil: media, {at}",
        f"Advarsel: worker, 2 ganger, sist {at}",
        "De siste 6 linjene, på engelsk",
    ]
    visible = re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.DOTALL)
    assert "the vendor is away" in answer.text
    assert "the vendor is away" not in visible


@pytest.mark.parametrize(("lines", "said"), [(["nonsense"], "No faults."), ([], "The system keeps the log")])
def test_a_log_without_troubles_says_so(world: HomeWorld, lines: list[str], said: str) -> None:
    world.machine.lines = lines
    assert said in world.signed_in().visit(f"{AT}/log").text


@pytest.mark.parametrize("step", ["examine", "backup"])
def test_who_is_not_signed_in_gets_nothing(world: HomeWorld, step: str) -> None:
    for stranger, due in ((world.browser().get(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert stranger.send(AT, step=step).step == due
        assert stranger.ask("GET", f"{AT}/log").status_code == 303
    assert world.machine.examined == []


def test_a_step_that_there_is_not_is_a_bad_request(world: HomeWorld) -> None:
    assert page(world).send(AT, step="reboot").status == 400
