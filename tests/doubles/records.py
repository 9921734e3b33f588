"""Records with every field filled in; a test sets those it is about."""

from typing import Any

from showcam.store.records import Account, Client, Code, Link, Source, Token, new_id, token_hash

NOW = 1_800_000_000.5


def account(**fields: Any) -> Account:
    values: dict[str, Any] = {"id": new_id(), "created": NOW, "salt": b"\x00\xff" * 8, "locale": "nb"}
    values["origin"] = "invited"  # not the default
    return Account(**values | fields)


def source(of: Account, **fields: Any) -> Source:
    values: dict[str, Any] = {
        "id": new_id(),
        "account": of.id,
        "kind": "ezviz",
        "vendor_key": token_hash(new_id()),
        "created": NOW,
    }
    return Source(**values | fields)


def client(**fields: Any) -> Client:
    values: dict[str, Any] = {
        "id": "alexa",
        "assistant": "alexa",
        "secret_hash": token_hash("secret"),
        "redirect_uris": ("https://a.example/1", "https://b.example/æ?x=1"),
        "created": NOW,
        "require_pkce": True,
        "loopback_redirect": True,
    }
    return Client(**values | fields)


def link(of: Account, **fields: Any) -> Link:
    values: dict[str, Any] = {
        "id": new_id(),
        "account": of.id,
        "client": "alexa",
        "assistant": "alexa",
        "label": "Mormors Echo – stua",
        "cameras": ("ezviz-a", "ezviz-b"),
        "locale": "nb",
        "created": NOW,
        "agent_user": new_id(32),
    }
    return Link(**values | fields)


def code(of: Link, **fields: Any) -> Code:
    values: dict[str, Any] = {
        "hash": token_hash(new_id()),
        "client": of.client,
        "link": of.id,
        "redirect_uri": "https://a.example/1",
        "scope": "cameras",
        "challenge": "c" * 43,
        "expires": NOW + 60,
    }
    return Code(**values | fields)


def token(of: Link, **fields: Any) -> Token:
    values: dict[str, Any] = {
        "hash": token_hash(new_id()),
        "link": of.id,
        "kind": "access",
        "scope": "cameras",
        "issued": NOW,
        "expires": NOW + 43200,
    }
    return Token(**values | fields)
