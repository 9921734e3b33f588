"""A browser that walks the linking pages as a person does, and redeems the code as an assistant does."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from scripts.deploy_local.walk import Form
from tests.doubles.waiting import LONG_S

LOOPBACK = "http://127.0.0.1:9/callback"


def _post(session: requests.Session, page: requests.Response, **filled: str) -> requests.Response:
    form = Form(page.text)
    fields = [(name, value) for name, value in form.fields if name not in filled] + list(filled.items())
    return session.post(urljoin(page.url, form.action), fields, allow_redirects=False, timeout=LONG_S)


def link(web: str, client: str, user: str, password: str, *, code: str = "", **ticked: str) -> str:
    """An access token."""
    return str(link_tokens(web, client, user, password, code=code, **ticked)["access_token"])


def link_tokens(
    web: str,
    client: str,
    user: str,
    password: str,
    *,
    code: str = "",
    redirect: str = LOOPBACK,
    secret: str = "",
    **ticked: str,
) -> dict[str, str]:
    """The token endpoint's answer. `ticked`: fields of the consent page beyond those that are ticked already."""
    session, verifier = requests.Session(), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect,
        "scope": "cameras",
        "state": "s" * 300,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page = session.get(f"{web}/oauth/authorize", params=query, timeout=LONG_S)
    filled = {"user": user, "password": password, "step": "sign-in"}
    for _ in range(4):
        page = _post(session, page, **filled)
        if page.is_redirect and page.headers["Location"].startswith(redirect):
            break
        if page.is_redirect:
            page = session.get(urljoin(page.url, page.headers["Location"]), timeout=LONG_S)
        if 'name="code"' in page.text:
            filled = {"code": code, "step": "code"}
        elif 'value="agree"' in page.text:
            filled = {"step": "agree", **ticked}
        else:
            raise AssertionError(page.text)
    else:
        raise AssertionError(f"the pages went in a circle: {page.status_code} {page.text}")
    answered = parse_qs(urlsplit(page.headers["Location"]).query)
    assert answered["state"] == ["s" * 300]
    token = session.post(
        f"{web}/oauth/token",
        {
            "grant_type": "authorization_code",
            "code": answered["code"][0],
            "redirect_uri": redirect,
            "client_id": client,
            "client_secret": secret or f"{client}-secret",
            "code_verifier": verifier,
        },
        timeout=LONG_S,
    )
    assert token.status_code == 200, token.text
    return dict(token.json())
