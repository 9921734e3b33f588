"""An Alexa skill made by hand: the values that an owner copies from Amazon's console to showcam's page, and back."""

import re
from collections.abc import Callable, Mapping, Sequence

from showcam.accounts import clients
from showcam.alexa.gateway import SECRET
from showcam.app.settings import Settings
from showcam.app.setup import forwarder
from showcam.app.setup.skill_creation import CLIENT, REDIRECTS
from showcam.console.setup.skill import NotMade, Stack
from showcam.i18n.catalogue import mark
from showcam.store.ports import Store

_HOSTS = r"(pitangui\.amazon\.com|layla\.amazon\.com|alexa\.amazon\.co\.jp)"
_REDIRECT = re.compile(rf"https://{_HOSTS}/api/skill/link/([A-Z0-9]{{5,40}})", re.ASCII)
_SKILL = re.compile(r"amzn1\.ask\.skill\.[0-9A-Za-z-]{1,100}", re.ASCII)
_EVENTS = re.compile(r"amzn1\.application-oa2-client\.[0-9A-Za-z]{1,100}", re.ASCII)
type Keep = Callable[[Mapping[str, str]], None]


class AlexaByHand:
    """The values that are copied between Amazon's console and here.

    `keep` keeps settings by their names, except settings with another source. `keys`: of the forwarder.
    """

    def __init__(self, settings: Settings, store: Store, keep: Keep, keys: Sequence[tuple[str, bytes]]) -> None:
        self._settings, self._store, self._keep, self._keys = settings, store, keep, list(keys)
        self.address, self.skill_id = settings.public_url, settings.alexa_skill_id
        self.reports = bool(settings.lwa_client_id and settings.lwa_client_secret)

    def is_granted(self, link_id: str) -> bool:
        return self._store.link_secret(link_id, SECRET) is not None

    def client(self, address: str) -> str:
        """Registers Alexa with all three redirect addresses.

        Returns the new secret, or "" if a known client keeps the old one. Raises NotMade if `address` is none of the
        three.
        """
        found = _REDIRECT.fullmatch(address.strip())
        if found is None:
            example = REDIRECTS[0].format(vendor="M1ABCDEFGHIJKL")
            raise NotMade(mark("That is none of the three Alexa Redirect URLs, such as {example}."), example=example)
        redirects = tuple(redirect.format(vendor=found[2]) for redirect in REDIRECTS)
        known = self._store.client(CLIENT)
        if known is None:
            return clients.register(self._store, CLIENT, "alexa", redirects)
        clients.readdress(self._store, known, redirects)
        return ""

    def new_secret(self) -> str:
        """Gives the client a new secret. Raises NotMade if there is no client yet."""
        known = self._store.client(CLIENT)
        if known is None:
            raise NotMade(mark("There is no client yet: let Alexa in first."))
        return clients.renew_secret(self._store, known)

    def keep(self, skill_id: str, client_id: str, client_secret: str) -> None:
        """Keeps the given values; an empty value changes nothing. Raises NotMade, and then nothing is kept."""
        found: dict[str, str] = {}
        if skill_id:
            if not _SKILL.fullmatch(skill_id):
                raise NotMade(mark("That is no skill id. It begins like this: {begin} …"), begin="amzn1.ask.skill.")
            found["alexa_skill_id"] = skill_id
        if client_id or client_secret:
            if not client_id or not client_secret:
                raise NotMade(mark("Both the client id and the client secret are wanted."))
            if not _EVENTS.fullmatch(client_id):
                raise NotMade(
                    mark("That is no client id: it begins with {begin}."), begin="amzn1.application-oa2-client."
                )
            found |= {"lwa_client_id": client_id, "lwa_client_secret": client_secret}
        if not found:
            raise NotMade(mark("Nothing was typed."))
        self._keep(found)

    def stack(self, language: str) -> Stack:
        """The stack that makes the forwarder at AWS. Raises NotMade before the skill's id is kept."""
        if not self._settings.alexa_skill_id:
            raise NotMade(mark("Keep the Skill ID first: the function at AWS serves only that skill."))
        template = forwarder.template(self._settings.public_url, self._settings.alexa_skill_id)
        return Stack(template, forwarder.region(language), forwarder.key_text(self._keys))
