"""Makes and checks links and their tokens, keeps the links that an owner has not acknowledged, and the linking window.

A link is made at consent, has its own tokens and never replaces another. Tokens are opaque and have 256 bits; only
hashes are stored. A token's text is `{kind}.{link id}.{secret}`, so that link and token are read in one request. This
module stays free of Flask and Authlib, since a directive pays for what is imported here.
"""

import math
import secrets
import time
from collections.abc import Callable
from typing import Literal, NotRequired, TypedDict

import msgspec

from showcam.store.ports import Store
from showcam.store.records import Account, Assistant, Client, Code, Link, Token, new_id, token_hash

ACCESS_S = 12 * 3600  # Alexa wants at least six minutes; the assistant sends a request for each renewal
CODE_S = 60  # life of an authorization code: an assistant redeems it at once
SESSION = "home-"  # the id of a browser's session at the console begins with this: no link's id has a hyphen
PLAYER = "player-"  # the id of a program of a household's begins with this
TOUCH_S = 300  # seconds; the time when a link was last used is written at most this often
LABEL_LENGTH = 60
_NAME = "acknowledged_links"
_decoder = msgspec.json.Decoder(list[str])
OPEN_S = 15 * 60  # linking in an assistant's app takes minutes
_ROW = token_hash("linking window")


class TokenInvalid(Exception):
    """The token is unknown, revoked, of another client, or missing."""


class TokenExpired(TokenInvalid):
    """The token is ours but has expired: the assistant should refresh it."""


def mint(link_id: str, kind: str, scope: str, now: float) -> tuple[str, Token]:
    """The token's text, which is not stored, and its row."""
    text = f"{'sca' if kind == 'access' else 'scr'}.{link_id}.{secrets.token_urlsafe(32)}"
    if kind == "access":
        return text, Token(token_hash(text), link_id, "access", scope, now, now + ACCESS_S)
    return text, Token(token_hash(text), link_id, "refresh", scope, now, None)


def link_of(text: str) -> str | None:
    """The link's id in a token's text, unverified; None when the text is no token of ours."""
    fields = text.split(".")
    if len(fields) != 3 or fields[0] not in ("sca", "scr") or len(text) > 256 or not text.isascii():
        return None
    return fields[1] if fields[1].isalnum() else None


def authenticate(store: Store, text: str, assistant: Assistant) -> Link:
    """The link behind an access token. Raises TokenExpired or TokenInvalid; errors of the store pass through."""
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


class TokenAnswer(TypedDict):
    """The answer with tokens of RFC 6749 section 5.1."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int  # seconds
    scope: str
    refresh_token: NotRequired[str]


class LinkEnded(Exception):
    """The link has ended: no token is issued under it."""


def complete(
    store: Store,
    account: Account,
    client: Client,
    label: str,
    cameras: tuple[str, ...] | None,
    locale: str,
    now: float,
    link_id: str = "",
) -> Link:
    """Adds a link; the account's other links stay. `cameras` None: all, also ones added later.

    `link_id` lets a caller repeat the request. Raises showcam.store.ports.Inconsistent if the id is already in use.
    """
    link = Link(
        id=link_id or new_id(),
        account=account.id,
        client=client.id,
        assistant=client.assistant,
        label=clean_label(label),
        cameras=cameras,
        locale=locale,
        created=now,
        agent_user=new_id(32),
    )
    store.add_link(link)
    return link


def issue(store: Store, link: Link, scope: str, now: float, refresh: bool) -> TokenAnswer:
    """Stores new tokens and answers them. Raises LinkEnded."""
    answer, rows = minted(link, scope, now, refresh)
    if not store.add_tokens(rows):
        raise LinkEnded(link.id)
    return answer


def minted(link: Link, scope: str, now: float, refresh: bool) -> tuple[TokenAnswer, list[Token]]:
    """Makes the token answer, and the rows to store for it; nothing is stored yet."""
    text, row = mint(link.id, "access", scope, now)
    answer: TokenAnswer = {"access_token": text, "token_type": "Bearer", "expires_in": ACCESS_S, "scope": scope}
    rows = [row]
    if refresh:
        answer["refresh_token"], row = mint(link.id, "refresh", scope, now)
        rows.append(row)
    return answer, rows


def mint_code(link: Link, redirect_uri: str, scope: str, challenge: str, now: float) -> tuple[str, Code]:
    """An authorization code's text, which is not stored, and its row, bound to the link's client and the redirect."""
    text = secrets.token_urlsafe(32)
    return text, Code(token_hash(text), link.client, link.id, redirect_uri, scope, challenge, now + CODE_S)


def clean_label(text: str) -> str:
    """A person's name for a link, as one line of printable characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line[:LABEL_LENGTH].rstrip()


class NewLinks:
    """Links that the owner has not acknowledged yet. A household without an acknowledgement has only new links."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, account_id: str) -> list[Link]:
        """The links that the owner has not acknowledged, oldest first."""
        known = self._acknowledged(account_id)
        return [link for link in self._store.links(account_id) if link.id not in known]

    def acknowledge(self, account_id: str, link_ids: list[str]) -> None:
        """Takes these links off the list, as far as they are the household's; a link that came meanwhile stays new."""
        living = [link.id for link in self._store.links(account_id)]
        known = self._acknowledged(account_id) | set(link_ids)
        kept = msgspec.json.encode([link_id for link_id in living if link_id in known])
        self._store.put_account_secret(account_id, _NAME, kept)

    def _acknowledged(self, account_id: str) -> frozenset[str]:
        data = self._store.account_secret(account_id, _NAME)
        try:
            return frozenset(_decoder.decode(data)) if data else frozenset()
        except msgspec.MsgspecError:
            return frozenset()  # written by another version


class LinkingWindow:
    """Lets new links be made for OPEN_S seconds, in all processes. Each method may raise StoreUnavailable."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def open(self) -> None:
        """Opens linking for OPEN_S seconds from now."""
        ends = self._clock() + OPEN_S
        self._store.put_visit(_ROW, str(ends).encode(), ends)

    def close(self) -> None:
        self._store.drop_visit(_ROW)

    def left_s(self) -> int:
        """Seconds until the window closes; 0 if the window is closed."""
        data, now = self._store.visit(_ROW, self._clock()), self._clock()
        try:
            return max(0, math.ceil(float(data) - now)) if data else 0
        except ValueError:
            return 0  # written by another version
