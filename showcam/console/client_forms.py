"""The forms of clients on the assistants' page: an assistant's registration, with a secret that is shown once."""

from flask import request
from msgspec import Struct

from showcam.accounts import clients
from showcam.console.assistants_sentences import ASSISTANTS
from showcam.store.ports import Store
from showcam.store.records import Assistant

MOST_REDIRECTS = 10


class Made(Struct, frozen=True):
    """A client whose secret was just made."""

    id: str
    secret: str


class ClientForms:
    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, step: str) -> Made | str:
        """Returns the client with its new secret, or what was wrong as a sentence to translate, or "" when done."""
        if step == "add-client":
            return self._add()
        client = self._store.client(request.form.get("client", ""))
        if client is None:
            return ASSISTANTS["no_client"]
        if step == "remove-client":
            self._store.drop_client(client.id)
            return ""
        secret = clients.register(
            self._store,
            client.id,
            client.assistant,
            client.redirect_uris,
            require_pkce=client.require_pkce,
            loopback_redirect=client.loopback_redirect,
        )
        return Made(client.id, secret)

    def _add(self) -> Made | str:
        redirects = tuple(dict.fromkeys(request.form.get("redirects", "").split()))
        assistant: Assistant = "google" if request.form.get("assistant") == "google" else "alexa"
        if not redirects or len(redirects) > MOST_REDIRECTS:
            return ASSISTANTS["redirects"]
        if self._store.client(assistant) is not None:
            return ASSISTANTS["client_there"]
        try:
            return Made(assistant, clients.register(self._store, assistant, assistant, redirects))
        except ValueError:
            return ASSISTANTS["redirects"]
