"""Completed authorizations: made at consent, each with tokens of its own, never replacing another."""

from typing import Literal, NotRequired, TypedDict

from accounts.identity import new_id
from accounts.tokens import ACCESS_S, mint
from store.ports import Store
from store.records import Account, Client, Link, Token

LABEL_LENGTH = 60


class TokenAnswer(TypedDict):
    """RFC 6749 section 5.1."""

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

    `link_id` lets a caller repeat the request. Raises store.ports.Inconsistent where the id is taken.
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
    """The token answer, and the rows to store for it; nothing is stored yet."""
    text, row = mint(link.id, "access", scope, now)
    answer: TokenAnswer = {"access_token": text, "token_type": "Bearer", "expires_in": ACCESS_S, "scope": scope}
    rows = [row]
    if refresh:
        answer["refresh_token"], row = mint(link.id, "refresh", scope, now)
        rows.append(row)
    return answer, rows


def clean_label(text: str) -> str:
    """What a person called the link: one line of printable characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line[:LABEL_LENGTH].rstrip()
