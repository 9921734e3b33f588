"""Access and refresh tokens: opaque, 256 bits, the link's id in the text, only hashes at rest.

`{kind}.{link id}.{secret}`: link and token are read in one request. Kept free of Flask and Authlib, since a
directive pays for what is imported here.
"""

import secrets
import time

from accounts.identity import token_hash
from store.ports import Store
from store.records import Assistant, Link, Token

ACCESS_S = 12 * 3600
TOUCH_S = 300


class TokenInvalid(Exception):
    """Unknown, revoked, of another client, or none at all."""


class TokenExpired(TokenInvalid):
    """Ours, and over: the assistant should refresh it."""


def mint(link_id: str, kind: str, scope: str, now: float) -> tuple[str, Token]:
    """The token's text, which is not stored, and its row."""
    text = f"{'sca' if kind == 'access' else 'scr'}.{link_id}.{secrets.token_urlsafe(32)}"
    if kind == "access":
        return text, Token(token_hash(text), link_id, "access", scope, now, now + ACCESS_S)
    return text, Token(token_hash(text), link_id, "refresh", scope, now, None)


def link_of(text: str) -> str | None:
    """The link id a token's text names, unverified; None when it is no token of ours."""
    fields = text.split(".")
    if len(fields) != 3 or fields[0] not in ("sca", "scr") or len(text) > 256 or not text.isascii():
        return None
    return fields[1] if fields[1].isalnum() else None


def authenticate(store: Store, text: str, assistant: Assistant) -> Link:
    """The link behind an access token. Raises TokenExpired or TokenInvalid; what a store raises passes through."""
    now = time.time()
    link_id = link_of(text)
    found = store.find_token(link_id, token_hash(text)) if link_id else None
    if found is None:
        raise TokenInvalid("no such access token")
    link, token = found
    if token.kind != "access" or link.assistant != assistant:
        raise TokenInvalid("not an access token of this assistant")
    if token.expires is not None and token.expires <= now:
        raise TokenExpired("the access token has expired")
    if now - link.last_used > TOUCH_S:
        store.touch_link(link.id, now)
    return link
