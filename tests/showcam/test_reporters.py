"""Which reporters there are, and what is said of a Google key that can't be used: everything else goes on."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from showcam.accounts import clients
from showcam.accounts.identity import new_id
from showcam.app import keys
from showcam.app.compose import doctor, ground, reports
from showcam.app.compose.ground import Ground
from showcam.app.settings import Settings
from showcam.app.setup.google_console import REDIRECTS, reported
from showcam.registry.reporting.delivery import Outcome
from showcam.registry.reporting.reporter import Reporter
from showcam.simulator.assistants.homegraph import FILE, ServiceAccount
from showcam.store.outbox import Claim
from showcam.store.records import Account
from tests.doubles.household import new_link

pytestmark = pytest.mark.proves(
    "SYNC promises reports only with a key that can send them, and a wrong key is named at the start",
    leans_on="double: Google's token endpoint",
)

LOGIN = {"lwa_client_id": "amzn1.application-oa2-client.x", "lwa_client_secret": "s"}


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Ground]:
    settings = Settings(data=tmp_path)
    made = ground.build(settings, keys.of(settings))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("key")
    ServiceAccount(folder, "https://127.0.0.1:1/google/token")
    return dict(json.loads((folder / FILE).read_text()))


def account(base: Ground) -> Account:
    made = Account(new_id(), 1.0, b"salt")
    base.store.add_account(made)
    return made


UNUSABLE = "nothing is reported to Google: google_service_account can't be used: "


def built(base: Ground, tmp_path: Path, **given: Any) -> list[Reporter]:
    return reports.reporters_of(Settings(data=tmp_path, **given), base)


@pytest.mark.parametrize(
    ("login", "with_key", "assistants"),
    [
        ({}, False, []),
        (LOGIN, False, ["alexa"]),
        ({}, True, ["google"]),
        (LOGIN, True, ["alexa", "google"]),
        (LOGIN | {"lwa_client_secret": ""}, False, []),
    ],
)
def test_there_is_a_reporter_where_something_can_be_sent(
    login: dict[str, str],
    with_key: bool,
    assistants: list[str],
    base: Ground,
    key: dict[str, Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = login | ({"google_service_account": json.dumps(key)} if with_key else {})
    assert [reporter.assistant for reporter in built(base, tmp_path, **given)] == assistants
    assert caplog.messages == []


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], str], str]] = {
    "missing": (lambda key: "", "there is no file "),
    "malformed": (lambda key: json.dumps(key)[:-9], "it is not the JSON key of a service account"),
    "of a person": (lambda key: json.dumps(key | {"type": "authorized_user"}), "it is a key of another kind"),
    "without a key": (lambda key: json.dumps(key | {"private_key": "x"}), "its private_key is no RSA key"),
    "of another project": (
        lambda key: json.dumps(key | {"project_id": "another-1"}),
        "it is of the project another-1, and Google's client here is of showcam-demo",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_that_can_not_be_used_is_named_at_the_start_and_by_the_doctor(
    fault: str, base: Ground, key: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make, reason = FAULTS[fault]
    file = tmp_path / "key.json"
    if content := make(key):
        file.write_text(content)
    redirects = tuple(redirect.format(project="showcam-demo") for redirect in REDIRECTS)
    clients.register(base.store, "google", "google", redirects)
    found = built(base, tmp_path, google_service_account=str(file), **LOGIN)
    assert [reporter.assistant for reporter in found] == ["alexa"]
    [said] = [message.removeprefix(UNUSABLE) for message in caplog.messages]
    assert said.startswith(reason)
    settings = msgspec.structs.replace(Settings(data=tmp_path), google_service_account=str(file))
    finding = doctor.reports(settings, base.store)
    assert (finding.state, finding.text) == ("wrong", said)
    assert "BEGIN" not in said
    assert not reported(settings, base.store)(new_link(account(base), "google", None, "en"))


def test_will_report_state_is_promised_with_a_key_that_the_sender_takes(
    base: Ground, key: dict[str, Any], tmp_path: Path
) -> None:
    link = new_link(account(base), "google", None, "en")
    with_key = Settings(data=tmp_path, google_service_account=json.dumps(key))
    assert reported(with_key, base.store)(link)
    assert not reported(Settings(data=tmp_path), base.store)(link)


def test_a_key_of_another_project_is_a_notice_for_who_linked_google_until_there_is_the_right_one(
    base: Ground, key: dict[str, Any], tmp_path: Path
) -> None:
    redirects = tuple(redirect.format(project="showcam-demo") for redirect in REDIRECTS)
    clients.register(base.store, "google", "google", redirects)
    linked, other = account(base), account(base)
    base.store.add_link(new_link(linked, "google", None, "en"))
    base.store.add_link(new_link(other, "alexa", None, "en"))
    foreign = Settings(data=tmp_path, google_service_account=json.dumps(key | {"project_id": "another-1"}))
    reports.note_key(foreign, base)
    (fault,) = base.adapter.faults.of(linked.id)
    assert (fault.kind, fault.subject, fault.lasts) == ("key", "google", True)
    assert base.adapter.faults.of(other.id) == []
    reports.note_key(Settings(data=tmp_path, google_service_account=json.dumps(key)), base)
    assert base.adapter.faults.of(linked.id) == []


def test_who_takes_the_key_away_is_not_notified_that_it_is_gone(base: Ground, tmp_path: Path) -> None:
    reports.note_key(Settings(data=tmp_path), base)
    assert base.adapter.faults.of(account(base).id) == []


@pytest.mark.parametrize(
    ("outcome", "kinds"),
    [
        ("dead", ["expired"]),
        ("not_permitted", ["expired"]),
        ("refused", ["grant"]),
        ("doubted", ["ending"]),
        ("retried", []),
    ],
)
def test_what_an_owner_is_notified_of_until_a_report_is_taken(outcome: Outcome, kinds: list[str], base: Ground) -> None:
    home = account(base)
    link = new_link(home, "alexa", None, "en")
    claim = Claim(home.id, link.id, link, (), None, 0, None, 0, None, "by")
    reports.note_faults(base, claim, outcome)
    assert [fault.kind for fault in base.adapter.faults.of(home.id)] == kinds
    reports.note_faults(base, claim, "told")
    assert base.adapter.faults.of(home.id) == []


@pytest.mark.parametrize(("given", "state"), [(True, "ok"), (False, "unsure")])
def test_the_doctor_says_whether_google_is_reported_to(
    given: bool, state: str, base: Ground, key: dict[str, Any], tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, google_service_account=json.dumps(key) if given else "")
    assert doctor.reports(settings, base.store).state == state
