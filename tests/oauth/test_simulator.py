"""Linking with the real driver at the simulated vendor, from the first page to tokens."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from oauth.app import OAuthSettings, bind
from showcam.accounts import clients
from showcam.accounts.households import end
from showcam.console.look import files
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.engine.grants import Grants
from showcam.registry.adapter import adapt
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.readings.judge import Rules
from showcam.store.records import Link
from showcam.store.sqlite import SqliteStore
from tests.doubles.linking_world import REDIRECTS, Browser, Page, refusal_text
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

PASSWORD = "showcam-demo"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    process = SimulatorProcess(tmp_path_factory.mktemp("linking"))
    yield process
    process.stop()


@pytest.fixture
def app(simulator: SimulatorProcess, store: SqliteStore) -> Flask:
    hosts = EzvizHosts.of("eu", api=simulator.app_host, open_platform=simulator.open_host)
    driver = EzvizDriver(store, hosts, ca_file=simulator.ca, demo=True)
    pictures = ReadyPictures()
    rules = Rules(request_s=LONG_S, states_s=LONG_S)  # a busy machine is not what is tested
    adapter = adapt(store, {"ezviz": driver}, pictures, Grants([b"g" * 32]), rules)
    for name in ("demo", "mfa"):
        sessions.add_owner(store, f"{name}@example.com", open_key=f"{name}-key", open_secret=f"{name}-secret")
    for assistant in ("alexa", "google"):
        clients.register(store, assistant, assistant, (REDIRECTS[assistant],), secret=f"{assistant}-secret")
    app = Flask("showcam", static_folder=None)
    app.register_blueprint(files.blueprint())
    settings = OAuthSettings(
        issuer="http://127.0.0.1:8080", cookie_keys=[b"c" * 32], secure_cookies=False, refusal_s=0.0
    )

    def end_link(link: Link) -> None:
        end(store, pictures, link)

    sign_in = SignIn(store, [driver], "invited", vendor_s=LONG_S)
    bind(app, store, sign_in, adapter.owner, settings, end_link, lambda account: None)
    return app


def browse(app: Flask, assistant: Any) -> Browser:
    return Browser(app.test_client()).get(
        f"/oauth/authorize?response_type=code&client_id={assistant}&redirect_uri={REDIRECTS[assistant]}&state=s"
    )


@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_a_person_links_at_the_simulated_vendor(app: Flask, store: SqliteStore, assistant: Any) -> None:
    browser = browse(app, assistant).sign_in("demo@example.com", PASSWORD)
    text = browser.page.text()
    for name in ("Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond"):
        assert name in text
    code = browser.post("agree", label="Kari").returned["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECTS[assistant],
        "client_id": assistant,
        "client_secret": f"{assistant}-secret",
    }
    tokens = app.test_client().post("/oauth/token", data=form).get_json()
    source = sessions.find(store, "demo@example.com")
    assert source is not None
    (link,) = store.links(source.account)
    assert (link.assistant, link.label, link.cameras) == (assistant, "Kari", None)
    assert tokens["access_token"].startswith(f"sca.{link.id}.")


def test_a_wrong_code_is_refused_and_the_right_one_signs_in(app: Flask) -> None:
    browser = browse(app, "google").sign_in("mfa@example.com", PASSWORD)
    assert browser.page.steps == ["code", "cancel", "switch"]
    browser.post("code", code="999999")
    assert browser.page.text("alert") == refusal_text("wrong_code")
    browser.post("code", code="012345")
    assert "Porch" in browser.page.text()


@pytest.mark.parametrize(("user", "password"), [("demo@example.com", "wrong"), ("nobody@example.com", PASSWORD)])
def test_wrong_credentials_are_refused(app: Flask, user: str, password: str) -> None:
    page: Page = browse(app, "alexa").sign_in(user, password).page
    assert page.text("alert") == refusal_text("wrong")


def test_a_vendor_that_is_down_is_reported_and_can_be_tried_again(app: Flask, simulator: SimulatorProcess) -> None:
    browser = browse(app, "alexa")
    simulator.stop()
    try:
        browser.sign_in("demo@example.com", PASSWORD)
        assert browser.status == 503
        assert browser.page.text("alert") == refusal_text("vendor_down")
    finally:
        simulator.restart()
    assert "Garden" in browser.sign_in("demo@example.com", PASSWORD).page.text()
