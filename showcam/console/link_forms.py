"""The forms of links on the assistants' page: choose a link's cameras, end a link, and acknowledge a new link."""

import time
from collections.abc import Callable

from flask import request

from showcam.accounts.links import NewLinks
from showcam.console.assistants_sentences import ASSISTANTS
from showcam.store.ports import Store
from showcam.store.records import Link


class LinkForms:
    """`end` ends a link and its video."""

    def __init__(self, store: Store, new_links: NewLinks, end: Callable[[Link], None]) -> None:
        self._store, self._new_links, self._end = store, new_links, end

    def take(self, step: str, account: str, cameras: frozenset[str]) -> str:
        """Returns what was wrong, as a sentence to translate, or "" when done.

        `cameras` are the household's camera ids.
        """
        if step == "acknowledge":
            self._new_links.acknowledge(account, request.form.getlist("links")[:1000])
            return ""
        link = self._store.link(request.form.get("link", ""))
        if link is None or link.account != account or link.ended is not None:
            return ASSISTANTS["no_link"]
        if step == "end":
            self._end(link)
            return ""
        chosen = frozenset(request.form.getlist("cameras")) & cameras
        everything = "later" in request.form and chosen == cameras
        if not chosen and not everything:
            return ASSISTANTS["nothing_ticked"]
        self._store.choose_cameras(link.id, None if everything else tuple(sorted(chosen)), time.time())
        return ""
