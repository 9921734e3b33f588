"""No secret is in a log, an error or the database."""

import logging
import sqlite3
from typing import Any

import pytest
import structlog

from tests.doubles.linking_world import CAREFUL, World, pkce
from tests.doubles.ready_vendor import CODE, PASSWORD


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.exc_text or record.exc_info or ''}")


@pytest.fixture
def logged() -> Any:
    """All log lines at DEBUG."""
    root, kept = logging.getLogger(), Kept()
    before = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    with structlog.testing.capture_logs() as events:
        yield lambda: "\n".join([*kept.lines, *map(repr, events)])
    root.removeHandler(kept)
    root.setLevel(before)


def test_secrets_stay_out_of_logs_and_database(logged: Any, world: World) -> None:
    verifier, sent = pkce()
    browser = world.browse(state="st4te-of-the-client", **sent)
    token = dict(browser.page.fields)["csrf_token"]
    browser.sign_in(CAREFUL, "wr0ng-passw0rd").sign_in(CAREFUL)
    visit = browser.http.get_cookie("__Host-showcam-visit", domain="home.example")
    assert visit
    browser.post("code", code="999999").post("code", code=CODE)
    signed = browser.http.get_cookie("__Host-showcam-visit", domain="home.example")
    assert signed
    database = [file.read_bytes() for file in world.folder.glob("showcam.sqlite3*")]
    code = browser.post("agree").returned["code"]
    world.redeem(code, code_verifier="x" * 43)
    tokens = world.tokens()
    refreshed = world.refresh(tokens["refresh_token"]).get_json()
    world.request("/oauth/revoke", {"token": tokens["access_token"]})
    database += [file.read_bytes() for file in world.folder.glob("showcam.sqlite3*")]
    secrets = [
        PASSWORD,
        "wr0ng-passw0rd",
        CODE,
        "999999",
        code,
        verifier,
        visit.value,
        signed.value,
        token,
        tokens["access_token"],
        tokens["refresh_token"],
        refreshed["access_token"],
        "vendor-session-of",
        *world.secrets.values(),
    ]
    log_text = logged()
    assert "linked" in log_text
    assert "tokens issued" in log_text
    assert CAREFUL not in log_text
    for secret in secrets:
        assert secret not in log_text
        assert not any(secret.encode() in content for content in database), secret


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG])
def test_authlib_never_logs_below_info(make: Any, level: int) -> None:
    library = logging.getLogger("authlib")
    library.setLevel(level)
    root = logging.getLogger()
    before = root.level
    try:
        make()
        root.setLevel(logging.DEBUG)
        assert not logging.getLogger("authlib.oauth2.rfc6749.grants.refresh_token").isEnabledFor(logging.DEBUG)
        assert library.isEnabledFor(logging.INFO)
    finally:
        root.setLevel(before)


def test_a_stricter_log_level_of_authlib_is_kept(make: Any) -> None:
    library = logging.getLogger("authlib")
    library.setLevel(logging.ERROR)
    make()
    assert library.level == logging.ERROR
    library.setLevel(logging.INFO)


def test_a_store_failure_is_a_503(world: World) -> None:
    browser, tokens = world.browse(), world.tokens()
    world.store.close()
    page = browser.http.get(browser.url)
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "sqlite" not in page.text
    answer = world.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.get_json()["error"]) == (503, "temporarily_unavailable")
    assert "sqlite" not in answer.text


def test_an_exception_is_a_500_without_a_traceback(world: World, logged: Any) -> None:
    tokens = world.tokens()
    world.vendor.error = RuntimeError("a fault")
    world.home.pictures.ended = None  # type: ignore[assignment]
    browser = world.browse(state="st4te-of-the-client").sign_in()
    assert browser.status == 500
    assert "It is in showcam's log" in browser.page.text("alert")
    assert browser.answer is not None
    assert browser.answer.headers["X-Frame-Options"] == "DENY"
    answer = world.request("/oauth/revoke", {"token": tokens["refresh_token"]})
    assert (answer.status_code, answer.get_json()["error"]) == (500, "server_error")
    for response in (browser.answer, answer):
        assert "Traceback" not in response.text
        assert "a fault" not in response.text
    assert "a fault" in logged()
    for secret in ("st4te-of-the-client", PASSWORD, tokens["refresh_token"]):
        assert secret not in logged()


def test_a_visits_row_can_not_be_opened_under_another_cookie(world: World) -> None:
    """A cookie names the row, and the row is sealed under its name."""
    browser, other = world.browse().sign_in(), world.browse().sign_in(CAREFUL)
    db = sqlite3.connect(world.folder / "showcam.sqlite3")
    rows = db.execute("SELECT hash, sealed FROM visit").fetchall()
    assert len(rows) == 2
    db.execute("UPDATE visit SET sealed = ? WHERE hash = ?", (rows[0][1], rows[1][0]))
    db.execute("UPDATE visit SET sealed = ? WHERE hash = ?", (rows[1][1], rows[0][0]))
    db.commit()
    db.close()
    for window in (browser, other):
        assert window.get().page.steps == ["sign-in", "cancel"]
