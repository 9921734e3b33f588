"""Links Alexa from showcam's own page: one consent at Amazon, then Amazon enables the skill with a code of showcam's.

The steps and their addresses are those of Amazon's page; no account of Amazon's has answered them here yet.
https://developer.amazon.com/en-US/docs/alexa/account-linking/app-to-app-account-linking-starting-from-your-app.html
"""

import base64
import hashlib
import time
from collections.abc import Callable

import structlog

from showcam.accounts import links
from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.app.setup.alexa_console import SCOPE
from showcam.app.setup.skill_creation import CLIENT, Made, SkillCreation
from showcam.app.setup.smapi import LINKING, Amazon, Customer, Profile, Silent
from showcam.console.setup.skill import NotMade
from showcam.i18n.catalogue import mark
from showcam.store.ports import Replayed, Store
from showcam.store.records import Account, Code, Link

log = structlog.get_logger()

_NOT_AWAITED = mark("This return was not waited for, or came too late. Begin again.")


class OneTap:
    """Fulfils `showcam.console.setup.skill.OneTap`.

    `client`: the skill's own client of Login with Amazon, for events too.
    `url`: showcam's public https address. `end` ends a link that Amazon did not take.
    """

    def __init__(
        self,
        url: str,
        creation: SkillCreation,
        amazon: Amazon,
        client: Profile,
        store: Store,
        end: Callable[[Link], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.leads_to: tuple[str, ...] = (amazon.origin, url)
        self._creation, self._amazon, self._client, self._store = creation, amazon, client, store
        self._end, self._clock = end, clock
        self._sessions = ConsoleSessions(store, clock)

    def begin(self, session: ConsoleSession) -> str:
        """Returns Amazon's address for the consent, which links the household of the session. Raises Failed."""
        made, state = self._creation.begin_linking(session.id)
        digest = hashlib.sha256(made.linking.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return self._amazon.authorize_url(
            self._client,
            self._creation.return_url,
            state,
            LINKING,
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    def takes(self, state: str) -> bool:
        return self._creation.linking(state) is not None

    def finish(self, state: str, code: str) -> None:
        """Links by the code of Amazon's return, which counts once.

        The console's cookie does not reach the public address. So the state is kept with the session that began: the
        link is for that session's household, and only while its owner is signed in.
        """
        made = self._creation.linking(state)
        if made is None or not self._sessions.claim(state):
            raise NotMade(_NOT_AWAITED)
        self._creation.end_linking(made)
        account = self._owner(made.linking.session)
        customer = self._amazon.customer(self._client, code, self._creation.return_url, made.linking.verifier)
        self._link(made, account, customer)

    def _owner(self, session_id: str) -> Account:
        session = self._sessions.find(session_id)
        account = self._store.account(session.account) if session and session.role == "owner" else None
        if account is None:
            raise NotMade(mark("The browser that began is signed out. Begin again."))
        return account

    def _link(self, made: Made, account: Account, customer: Customer) -> None:
        client, now = self._store.client(CLIENT), self._clock()
        if client is None:
            raise NotMade(mark("Alexa is no longer let in here. Start over."))
        link = links.complete(self._store, account, client, "", None, account.locale, now)
        try:
            text, code = links.mint_code(link, self._creation.return_url, SCOPE, "", now)
            self._store.add_code(code)
            try:
                customer.enable(made.skill, text, code.redirect_uri)
            except Silent:
                if not self._is_redeemed(code):  # else only Amazon's answer was lost
                    raise
        except Exception as error:
            log.warning("Alexa could not be linked from the page", why=type(error).__name__)
            self._end(link)
            raise

    def _is_redeemed(self, code: Code) -> bool:
        try:
            self._store.code(code.hash, code.client, self._clock())
        except Replayed:
            return True
        return False
