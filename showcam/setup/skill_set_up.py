"""The Alexa skill as its page sees it: made in a thread, from Amazon's return and the ARN that the owner pastes."""

import threading
from collections.abc import Sequence

import structlog

from console.skill import NotMade, Road, Stack, Standing
from showcam.process.kept import keeps
from showcam.settings import Settings
from showcam.setup import forwarder
from showcam.setup.alexa_by_hand import AlexaByHand
from showcam.setup.skill_made import Made
from showcam.setup.skill_making import SkillMaking
from showcam.setup.skill_package import Missing
from showcam.setup.smapi import Profile
from store.ports import StoreUnavailable
from words.catalogue import mark

log = structlog.get_logger()

_NO_FUNCTION = mark(
    "That is no ARN of a function in the region {region}, where Alexa looks. "
    "Copy the value of Arn from the stack's Outputs."
)
_SPOKEN = ("vendor", "skill", "linking", "models", "testing")


class SkillSetUp:
    """Fulfils `console.skill.Skill`. `making` and `hand`: None without a public https address."""

    def __init__(
        self,
        settings: Settings,
        making: SkillMaking | None,
        hand: AlexaByHand | None,
        keys: Sequence[tuple[str, bytes]],
    ) -> None:
        self.languages = forwarder.LANGUAGES
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

    def _there(self) -> SkillMaking:
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
            self._failed = NotMade(mark("What was made could not be kept. Go on in a minute."))
        except Exception:
            log.exception("the skill could not be gone on with")
            self._failed = NotMade(mark("Something went wrong here. Go on in a minute; the log says what it was."))
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
