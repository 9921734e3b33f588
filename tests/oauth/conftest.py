"""Account linking around a real store, registry and sign-in."""

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from oauth.app import OAuthSettings, bind
from showcam.accounts import clients
from showcam.accounts.households import end
from showcam.accounts.owner_users import OwnerUsers, Passwords
from showcam.console.look import files
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.sessions import Sessions
from showcam.registry.owner.departures import Departures
from showcam.registry.owner.sign_in import SignIn
from showcam.store.ports import Store
from showcam.store.records import DAY_S, Link
from tests.doubles.household import household
from tests.doubles.linking_world import CAREFUL, ISSUER, LOCAL, REDIRECTS, USER, Browser, World
from tests.doubles.ready_driver import ReadyDriver
from tests.doubles.ready_vendor import ReadyVendor
from tests.doubles.templates import COMPILED
from tests.doubles.waiting import LONG_S

VISIT, FORM = "__Host-showcam-visit", "__Host-showcam-form"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Builds a world. `https`: with a public https address."""
    made: list[World] = []

    def build(
        *,
        https: bool = True,
        refusal_s: float = 0.0,
        agreed_s: float = LONG_S,
        vendor: Any = None,
        store: Store | None = None,
        lan: ReadyDriver | None = None,
        passwords: Passwords | None = None,
        **client: Any,
    ) -> World:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        home = household(folder, user=USER, store=store, lan=lan)
        sessions.add_owner(home.store, CAREFUL)
        registered = {
            assistant: clients.register(home.store, assistant, assistant, (REDIRECTS[assistant],), **client)
            for assistant in ("alexa", "google")
        }
        vendor = vendor or ReadyVendor(USER, careful=(CAREFUL,))
        vendor.sessions = Sessions(home.store)
        app = Flask("showcam", static_folder=None)
        app.register_blueprint(files.blueprint())
        app.jinja_options = {"bytecode_cache": COMPILED}
        settings = OAuthSettings(
            issuer=ISSUER if https else LOCAL,
            cookie_keys=[secrets.token_bytes(32)],
            secure_cookies=https,
            refusal_s=refusal_s,
            agreed_s=agreed_s,
        )

        def end_link(link: Link) -> None:
            end(home.store, home.pictures, link)

        bind(
            app,
            home.store,
            SignIn(
                home.store,
                [vendor],
                "owner",
                owner_users=OwnerUsers(home.store, passwords),
                clock=lambda: time.time(),
            ),
            home.owner,
            settings,
            end_link,
            Departures(home.store, [vendor], home.pictures, kept_s=DAY_S, vendor_s=LONG_S).delete,
        )
        if https:
            app.test_client_class = _OverTls
        made.append(World(folder, home, app, vendor, registered, https))
        return made[-1]

    yield build
    for world in made:
        world.store.close()


class _OverTls(FlaskClient):
    """Requests by https, like a browser in front of the owner's proxy."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, base_url=ISSUER, **kwargs)


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock forward by seconds."""
    real, ahead = time.time, [0.0]

    def move(seconds: float) -> None:
        ahead[0] += seconds

    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    return move


def cookie(browser: Browser, name: str) -> str | None:
    found = browser.http.get_cookie(name, domain="home.example")
    return found.value if found else None
