"""Examines the entries in the assistants' consoles, by showcam's recent refusals and by its present links."""

import re
import time
from collections.abc import Iterator

from showcam.accounts.clients import TRIAL, Refusals
from showcam.app.doctor.finding import of, ok, unsure, wrong
from showcam.console.health.machine import Finding
from showcam.i18n.catalogue import worded
from showcam.store.ports import Store
from showcam.store.records import Client

SETTLED_S = 120.0  # Alexa discovers devices within seconds of linking
MOST = 100  # households that are examined
_ALEXA = re.compile(r"https://(pitangui\.amazon\.com|layla\.amazon\.com|alexa\.amazon\.co\.jp)/api/skill/link/([\w-]+)")
_THREE = 3


def examine(store: Store, *, forwarded: bool, spoken: bool, now: float | None = None) -> Iterator[Finding]:
    """Examines each assistant's client, the forwarder and the skill, by the refusals that showcam has noted.

    `forwarded`: Alexa's directives come by the owner's forwarder. `spoken`: a skill id is set.
    """
    refusals, at = Refusals(store), time.time() if now is None else now
    for client in store.clients():
        if client.id.startswith(TRIAL):
            continue
        yield from of(client.assistant, [_secret(client, refusals)])
        if client.assistant == "alexa":
            yield from of("alexa", [_redirects(client)])
    if forwarded:
        yield from of("alexa", [_forwarder(refusals), _directives(store, at)])
    if spoken:
        yield from of("alexa", [_skill(refusals)])


def _secret(client: Client, refusals: Refusals) -> Finding:
    what = worded("secret of the client {client}", client=client.id)
    if count := refusals.lately("client", client.id):
        text = worded(
            "in the last half hour {count} requests of {assistant} had another secret",
            count=count,
            assistant=client.assistant.capitalize(),
        )
        mend = worded(
            "Paste it again into the assistant's console. If you no longer have it, press “Make a new secret” on "
            "showcam's page under Assistants, and paste that."
        )
        return wrong(what, text, mend, "client_secret_wrong", command=_again(client))
    return ok(what, worded("no request had another one lately"))


def _again(client: Client) -> str:
    named = "" if client.id == client.assistant else f" --id {client.id}"
    return f"showcam clients remove {client.id} --keep-links, then: showcam clients add {client.assistant}{named} …"


def _redirects(client: Client) -> Finding:
    what = worded("redirect addresses of Alexa")
    found = [match for match in map(_ALEXA.fullmatch, client.redirect_uris) if match]
    mend = worded(
        "The console's page Account Linking shows three. On showcam's page about your Alexa skill change the redirect "
        "URL to one of them: showcam then knows all three. Secret and links stay."
    )
    if len({match[1] for match in found}) < _THREE:
        text = worded(
            "{count} of Alexa's three are registered, and an account in another part of the world can't link",
            count=len(found),
        )
        return wrong(what, text, mend, "redirect_uri_missing", command=_again(client))
    if len({match[2] for match in found}) > 1:
        return wrong(what, worded("they are of several developer accounts"), mend, command=_again(client))
    return ok(what, worded("all three are registered"))


def _forwarder(refusals: Refusals) -> Finding:
    what = worded("forwarder's signature")
    if count := refusals.lately("forwarder"):
        text = worded("in the last half hour {count} messages had a signature that does not hold", count=count)
        mend = worded(
            "Give the function the key of this installation, which showcam's page about your Alexa skill has, and see "
            "that this machine's clock is right."
        )
        return wrong(what, text, mend, "forwarder_key_wrong")
    return ok(what, worded("none was refused lately"))


def _skill(refusals: Refusals) -> Finding:
    what = worded("skill id")
    if count := refusals.lately("skill"):
        text = worded("in the last half hour {count} spoken requests came from a skill with another id", count=count)
        mend = worded("Copy the Skill ID from the console's list of skills to showcam's page about your Alexa skill.")
        return wrong(what, text, mend, "skill_id_wrong")
    return ok(what, worded("no request of another skill came lately"))


def _directives(store: Store, now: float) -> Finding:
    what = worded("Alexa's directives")
    linked = silent = 0
    for _, account in zip(range(MOST), store.accounts(), strict=False):
        for link in store.links(account.id):
            if link.assistant == "alexa" and link.created < now - SETTLED_S:
                linked += 1
                silent += not link.last_used
    if not linked:
        return ok(what, worded("Alexa is not linked yet"))
    if silent == linked:
        text = worded("Alexa is linked, and no directive has ever come")
        mend = worded(
            "Compare with showcam's page about your Alexa skill: the forwarder's region, the "
            "skill's default endpoint, and the Skill ID of the trigger."
        )
        return wrong(what, text, mend, "no_directive")
    if silent:
        return unsure(
            what,
            worded("of {linked} links {silent} never sent one", linked=linked, silent=silent),
            worded("Say “discover devices” to Alexa there."),
        )
    return ok(what, worded("they come"))
