"""The Alexa skill as its pages see it: made in a thread from Amazon's return and a pasted ARN, or by hand."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence

import structlog

from showcam.accounts import clients
from showcam.alexa.gateway import SECRET
from showcam.app.process.kept import keeps
from showcam.app.settings import Settings
from showcam.app.setup import forwarder
from showcam.app.setup.one_tap import OneTap
from showcam.app.setup.skill_creation import CLIENT, REDIRECTS, Made, SkillCreation
from showcam.app.setup.skill_package import Missing
from showcam.app.setup.smapi import Profile
from showcam.console.skill import NotMade, Road, Stack, Standing
from showcam.i18n.catalogue import mark
from showcam.store.ports import Store, StoreUnavailable

log = structlog.get_logger()

_HOSTS = r"(pitangui\.amazon\.com|layla\.amazon\.com|alexa\.amazon\.co\.jp)"
_REDIRECT = re.compile(rf"https://{_HOSTS}/api/skill/link/([A-Z0-9]{{5,40}})", re.ASCII)
_SKILL = re.compile(r"amzn1\.ask\.skill\.[0-9A-Za-z-]{1,100}", re.ASCII)
_EVENTS = re.compile(r"amzn1\.application-oa2-client\.[0-9A-Za-z]{1,100}", re.ASCII)
_NO_FUNCTION = mark(
    "That is no ARN of a function in Alexa's region {region}. Copy the value of Arn from the stack's Outputs."
)
_SPOKEN = ("vendor", "skill", "linking", "models", "testing")

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
            raise NotMade(mark("That is none of the three Alexa Redirect URLs, such as {example}."), example=_example())
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
        return clients.register(self._store, CLIENT, "alexa", known.redirect_uris)

    def keep(self, skill_id: str, client_id: str, client_secret: str) -> None:
        """Keeps the given values; an empty value changes nothing. Raises NotMade, and then nothing is kept."""
        found: dict[str, str] = {}
        if skill_id:
            if not _SKILL.fullmatch(skill_id):
                raise NotMade(mark("That is no skill id: it begins with {begin}."), begin="amzn1.ask.skill.")
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


def _example() -> str:
    return REDIRECTS[0].format(vendor="M1ABCDEFGHIJKL")


class SkillSetUp:
    """Fulfils `showcam.console.skill.Skill`. `making` and `hand`: None without a public https address."""

    def __init__(
        self,
        settings: Settings,
        making: SkillCreation | None,
        hand: AlexaByHand | None,
        keys: Sequence[tuple[str, bytes]],
        one_tap: OneTap | None = None,
    ) -> None:
        self.languages, self.one_tap = forwarder.LANGUAGES, one_tap
        self.return_url = making.return_url if making else ""
        self._settings, self._making, self.hand, self._keys = settings, making, hand, list(keys)
        self._running = threading.Lock()
        self._failed: NotMade | None = None

    def standing(self) -> Standing:
        if self._making is None:
            return Standing("unreachable" if keeps(self._settings) else "not_kept")
        made = self._making.made()
        if made is None:
            return Standing("begin")
        running = self._running.locked()
        return Standing(
            _road(made, running=running),
            made.language,
            made.profile.client_id,
            running,
            frozenset(made.done),
            None if running else self._failed,
        )

    def begin(self, client_id: str, client_secret: str, language: str) -> str:
        if not client_id or not client_secret:
            raise NotMade(mark("Both the client id and the client secret are wanted."))
        if language not in forwarder.LANGUAGES:
            raise NotMade(mark("Alexa has no such language."))
        self._failed = None
        return self._there().begin(Profile(client_id, client_secret), language)

    def go_on(self) -> None:
        if self._running.acquire(blocking=False):
            threading.Thread(target=self._work, name="skill", daemon=True).start()

    def stack(self) -> Stack:
        return Stack(*self._there().template(), forwarder.key_text(self._keys))

    def use_function(self, arn: str) -> None:
        making = self._there()
        try:
            making.use_function(arn)
        except Missing:
            raise NotMade(_NO_FUNCTION, region=making.template()[1]) from None
        self.go_on()

    def forget(self) -> None:
        self._failed = None
        self._there().forget()

    def takes(self, state: str) -> bool:
        return self._making is not None and self._making.takes(state)

    def allowed(self, state: str, code: str) -> None:
        self._there().allowed(state, code)
        self.go_on()

    def _there(self) -> SkillCreation:
        if self._making is None:
            raise NotMade(mark("There is no public address yet."))
        return self._making

    def _work(self) -> None:
        self._failed = None
        try:
            self._there().go_on()
        except NotMade as failed:
            log.warning("the skill could not be gone on with", why=type(failed).__name__)
            self._failed = failed
        except StoreUnavailable:
            log.warning("the skill could not be gone on with: the store can't be used", reason="store")
            self._failed = NotMade(mark("showcam could not save it. Go on in a minute."))
        except Exception:
            log.exception("the skill could not be gone on with")
            self._failed = NotMade(mark("Something went wrong here. Go on in a minute; the log says more."))
        finally:
            self._running.release()


def _road(made: Made, *, running: bool) -> Road:
    if not made.refresh:
        return "allow"
    if "events" in made.done:
        return "made"
    if not made.arn and not running and all(step in made.done for step in _SPOKEN):
        return "function"
    return "making"
