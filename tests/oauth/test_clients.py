"""Third-party OAuth clients as the assistant's cloud, over a real socket; requests as the browser."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from oauthlib.oauth2 import InvalidGrantError
from requests_oauthlib import OAuth2Session

from showcam.accounts import households
from showcam.accounts.owner_users import OwnerUsers
from tests.doubles import served_app
from tests.doubles.linking_world import REDIRECTS, USER, Page, World
from tests.doubles.ready_vendor import PASSWORD
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Linking works with clients that others wrote", leans_on="second stack: requests-oauthlib and simple-oauth2"
)


@pytest.fixture
def served(make: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, str]]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # loopback
    world = make(https=False)
    with served_app.served(world.app) as web:
        yield world, web


def walk(url: str, user: str = USER, password: str = PASSWORD) -> str:
    """Signs in and agrees like a person. The address of the redirect to the assistant."""
    with requests.Session() as person:
        page = person.get(url, timeout=LONG_S)
        for step, typed in (("sign-in", {"user": user, "password": password}), ("agree", {})):
            fields = [(name, value) for name, value in Page(page.text).fields if name not in typed]
            form = [*fields, *typed.items(), ("step", step)]
            page = person.post(page.url, data=form, timeout=LONG_S, allow_redirects=False)
            if page.status_code == 303:
                page = person.get(urljoin(page.url, page.headers["Location"]), timeout=LONG_S)
        return page.headers["Location"]


@pytest.mark.parametrize("pkce", [None, "S256"])
@pytest.mark.parametrize("in_form", [True, False])
def test_requests_oauthlib_links(served: tuple[World, str], pkce: str | None, in_form: bool) -> None:
    world, url = served
    secret, redirect = world.secrets["google"], REDIRECTS["google"]
    with OAuth2Session("google", redirect_uri=redirect, scope="cameras", pkce=pkce) as cloud:
        address, state = cloud.authorization_url(f"{url}/oauth/authorize", user_locale="nb-NO")
        back = walk(address)
        assert f"state={state}" in back
        parameters = (
            {"client_secret": secret, "include_client_id": True}
            if in_form
            else {"auth": requests.auth.HTTPBasicAuth("google", secret)}
        )
        tokens = cloud.fetch_token(f"{url}/oauth/token", authorization_response=back, timeout=LONG_S, **parameters)
        assert tokens["expires_in"] == 43_200
        assert cloud.get(f"{url}/oauth/userinfo", timeout=LONG_S).json() == {"sub": world.links()[0].agent_user}
        client = {"client_id": "google", "client_secret": secret}
        new = cloud.refresh_token(f"{url}/oauth/token", timeout=LONG_S, **client)
        assert new["access_token"] != tokens["access_token"]
        assert new["refresh_token"] == tokens["refresh_token"]
        revoked = requests.post(f"{url}/oauth/revoke", data=client | {"token": new["refresh_token"]}, timeout=LONG_S)
        assert revoked.status_code == 200
        with pytest.raises(InvalidGrantError):
            cloud.refresh_token(f"{url}/oauth/token", timeout=LONG_S, **client)
        assert cloud.get(f"{url}/oauth/userinfo", timeout=LONG_S).status_code == 401


def test_a_household_of_lan_cameras_alone_links(served: tuple[World, str]) -> None:
    """Its owner signs in at showcam itself; the assistant's cloud notices no difference."""
    world, url = served
    account = households.add_of_lan(world.store)
    OwnerUsers(world.store).set(account.id, "kari", "barn door and two geese")
    with OAuth2Session("alexa", redirect_uri=REDIRECTS["alexa"], scope="cameras", pkce="S256") as cloud:
        address, _ = cloud.authorization_url(f"{url}/oauth/authorize")
        back = walk(address, "kari", "barn door and two geese")
        secret = world.secrets["alexa"]
        cloud.fetch_token(f"{url}/oauth/token", authorization_response=back, client_secret=secret, timeout=LONG_S)
        [link] = world.store.links(account.id)
        assert cloud.get(f"{url}/oauth/userinfo", timeout=LONG_S).json() == {"sub": link.agent_user}
        client = {"client_id": "alexa", "client_secret": secret}
        assert cloud.refresh_token(f"{url}/oauth/token", timeout=LONG_S, **client)["access_token"]
    assert world.vendor.calls == {}


@pytest.mark.parametrize("method", ["header", "body"])
def test_simple_oauth2_links_and_refreshes_twice(served: tuple[World, str], method: str) -> None:
    """The library keeps only the last answer: one without a refresh token ended the link at the second refresh."""
    world, url = served
    back = walk(url + world.url("google"))
    config = {
        "server": url,
        "id": "google",
        "secret": world.secrets["google"],
        "code": parse_qs(urlsplit(back).query)["code"][0],
        "redirect": REDIRECTS["google"],
        "method": method,
    }
    cloud = Path(__file__).with_name("with_simple_oauth2.mjs")
    command, sent = ["node", str(cloud)], json.dumps(config)
    ran = subprocess.run(command, input=sent, capture_output=True, text=True, timeout=2 * LONG_S, check=False)
    assert ran.returncode == 0, ran.stderr
    answers = json.loads(ran.stdout)
    assert len({tokens["refresh_token"] for tokens in answers}) == 1
    assert len({tokens["access_token"] for tokens in answers}) == 3
    assert all(world.works(tokens["access_token"]) for tokens in answers)


def test_a_state_of_four_kilobytes_comes_back_over_the_wire(served: tuple[World, str]) -> None:
    _, url = served
    back = walk(url + served[0].url("alexa", state="s+/=" * 1024))
    assert "state=" + "s%2B%2F%3D" * 1024 in back
