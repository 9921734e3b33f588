"""Makes the owner's skill at Amazon, step by step. Each step may be repeated: parts that exist already are found again.

The skill begins with its spoken half, which needs nothing of AWS. Its Smart Home half is added when the forwarder's
function exists, because a function permits one skill id and a skill names its function.
"""

import contextlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from showcam.accounts import clients
from showcam.accounts.links import OPEN_S
from showcam.app.setup import forwarder, skill_package
from showcam.app.setup.skill_package import Certificate, Manifest, Missing
from showcam.app.setup.smapi import Amazon, Build, Failed, NotBuilt, Profile, SignInAgain, Skills
from showcam.console.setup.skill import Hand, NotMade, OneTap, Road, Stack, Standing, Step
from showcam.i18n.catalogue import NAMING, mark
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import token_hash

log = structlog.get_logger()

CLIENT = "alexa"
REDIRECTS = (
    "https://pitangui.amazon.com/api/skill/link/{vendor}",
    "https://layla.amazon.com/api/skill/link/{vendor}",
    "https://alexa.amazon.co.jp/api/skill/link/{vendor}",
)
BUILD_S, POLL_S = 180.0, 2.0
_NO_FUNCTION = mark(
    "That is no ARN of a function in Alexa's region {region}. Copy the value of Arn from the stack's Outputs."
)
_STILL_BUILT = mark("Amazon is still building it. Go on in a minute.")

SPOKEN: tuple[Step, ...] = ("vendor", "skill", "linking", "models", "testing")
STEPS: tuple[Step, ...] = (*SPOKEN, "function", "smart_home", "events")


class Waiting(Struct, frozen=True):
    """A one-time text that somebody has to bring back: its hash and its end, in epoch seconds."""

    hash: str = ""
    until: float = 0.0

    @classmethod
    def begin(cls, now: float) -> "tuple[str, Waiting]":
        text = secrets.token_urlsafe(32)
        return text, cls(token_hash(text), now + OPEN_S)

    def is_over(self, now: float) -> bool:
        return now >= self.until

    def takes(self, text: str, now: float) -> bool:
        """Compares the text in constant time, whatever characters it has."""
        try:
            given = token_hash(text)
        except UnicodeEncodeError:
            given = ""
        return hmac.compare_digest(given, self.hash) and not self.is_over(now)


class Linking(Struct, frozen=True):
    """Waits for a consent to linking. `session`: the id of the browser that began. `verifier`: of PKCE, RFC 7636."""

    waiting: Waiting = Waiting()
    session: str = ""
    verifier: str = ""


class Made(Struct, frozen=True):
    """The state of the making of a skill. It is kept sealed: `profile` and `refresh` are secrets."""

    profile: Profile
    language: str
    refresh: str = ""
    vendor: str = ""
    skill: str = ""
    arn: str = ""
    done: tuple[Step, ...] = ()
    amazon: Waiting = Waiting()
    redirect: str = ""  # the return that account linking names; "": none, by an older showcam
    linking: Linking = Linking()


class Records(Protocol):
    """Keeps the state of a skill in the making between calls and restarts."""

    def read(self) -> bytes | None: ...
    def write(self, data: bytes | None) -> None: ...


class SkillCreation:
    """Fulfils `showcam.console.setup.skill.Skill`. Methods raise StoreUnavailable.

    `url`: showcam's public https address. `finished` gets the skill id, the client id and the secret of events when the
    whole skill is made. `certificate` finds the certificate's kind. `keys`: of the forwarder. `blocked`: the road while
    no skill can be made here.
    """

    languages = forwarder.LANGUAGES
    one_tap: OneTap | None = None
    hand: Hand | None = None

    def __init__(
        self,
        url: str,
        amazon: Amazon,
        store: Store,
        records: Records,
        finished: Callable[[str, str, str], None],
        certificate: Callable[[], Certificate],
        keys: Sequence[tuple[str, bytes]] = (),
        *,
        blocked: Road | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url, self._amazon, self._store, self._records = url, amazon, store, records
        self._finished, self._certificate, self._keys = finished, certificate, list(keys)
        self._blocked, self._clock, self._sleep = blocked, clock, sleep
        self.return_url = "" if blocked else f"{url}{skill_package.RETURN}"
        self._running = threading.Lock()
        self._failed: NotMade | None = None

    def standing(self) -> Standing:
        if self._blocked:
            return Standing(self._blocked)
        running = self._running.locked()  # asked first, for a thread keeps each step before the thread ends
        made = self.made()
        if made is None:
            return Standing("begin")
        return Standing(
            _road(made, running=running),
            made.language,
            made.profile.client_id,
            running,
            frozenset(made.done),
            None if running else self._failed,
        )

    def made(self) -> Made | None:
        """The state of the making; None before the first step, and if another version of showcam wrote it."""
        held = None if self._blocked else self._records.read()
        try:
            return msgspec.json.decode(held, type=Made) if held else None
        except msgspec.MsgspecError:
            return None

    def forget(self) -> None:
        """Forgets the skill here; everything at Amazon stays. Raises NotMade while a thread does the steps."""
        self._require_address()
        self._require_rest()
        self._failed = None
        self._records.write(None)

    def begin(self, client_id: str, client_secret: str, language: str) -> str:
        """The address for the owner's permission in a browser. A skill begun before under this profile is continued.

        Raises NotMade, also while a thread does the steps.
        """
        if not client_id or not client_secret:
            raise NotMade(mark("Both the client id and the client secret are wanted."))
        if language not in self.languages:
            raise NotMade(mark("Alexa has no such language."))
        self._require_address()
        self._require_rest()
        self._failed = None
        profile, before = Profile(client_id, client_secret), self.made()
        text, waiting = Waiting.begin(self._clock())
        if before is not None and before.profile == profile and before.language == language:
            made = msgspec.structs.replace(before, amazon=waiting)
        else:
            made = Made(profile, language, amazon=waiting)
        self._keep(made)
        return self._amazon.authorize_url(profile, self.return_url, text)

    def _require_address(self) -> None:
        if self._blocked:
            raise NotMade(mark("There is no public address yet."))

    def _require_rest(self) -> None:
        """Raises NotMade while a thread does the steps: its next write would undo any other change of the skill."""
        if self._running.locked():
            raise NotMade(_STILL_BUILT)

    def takes(self, state: str) -> bool:
        """Whether showcam waits for Amazon's return with this state."""
        made = self.made()
        return made is not None and made.amazon.takes(state, self._clock())

    def allowed(self, state: str, code: str) -> None:
        """Takes Amazon's return, once, and keeps the refresh token. Raises Failed."""
        made = self.made()
        if made is None or not made.amazon.takes(state, self._clock()):
            raise Failed(mark("This return was not waited for, or came too late. Begin again."))
        made = msgspec.structs.replace(made, amazon=Waiting())
        self._keep(made)
        refresh = self._amazon.redeem(made.profile, code, self.return_url)
        self._keep(msgspec.structs.replace(made, refresh=refresh))

    def stack(self) -> Stack:
        """The stack of the function at AWS. Raises Failed while there is no skill."""
        made = self._skilled()
        template = forwarder.template(self._url, made.skill)
        return Stack(template, forwarder.region(made.language), forwarder.key_text(self._keys))

    def use_function(self, arn: str) -> None:
        """Keeps the function's ARN.

        Raises NotMade for an ARN that Alexa can't call, while there is no skill, and while a thread does the steps.
        """
        made = self._skilled()
        self._require_rest()
        region = forwarder.region(made.language)
        try:
            fits = skill_package.REGIONS[region] in skill_package.regions([arn])
        except Missing:
            fits = False
        if not fits:
            raise NotMade(_NO_FUNCTION, region=region)
        done = tuple(step for step in made.done if step not in ("function", "smart_home", "events"))
        self._keep(msgspec.structs.replace(made, arn=arn, done=(*done, "function")))

    def _skilled(self) -> Made:
        made = self.made()
        if made is None or not made.skill:
            raise Failed(mark("There is no skill yet that a function could serve."))
        return made

    def go_on(self) -> None:
        """Goes on with the steps in a thread, unless one works already."""
        if self._running.acquire(blocking=False):
            try:
                threading.Thread(target=self._work, name="skill", daemon=True).start()
            except RuntimeError:  # the machine has no thread left
                self._running.release()
                raise

    def _work(self) -> None:
        self._failed = None
        try:
            self.make()
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

    def make(self) -> Made:
        """Does the steps that are not done yet, until the function is waited for or all is made. Raises Failed."""
        made = self.made()
        if made is None or not made.refresh:
            raise SignInAgain(mark("Amazon's permission is missing. Allow it."))
        skills = self._amazon.skills(made.profile, made.refresh)
        for step in STEPS:
            if step == "function" and not made.arn:
                break
            if step not in made.done:
                made = self._step(step, made, skills)
                made = msgspec.structs.replace(made, done=(*made.done, step))
                self._keep(made)
        return made

    def _step(self, step: Step, made: Made, skills: Skills) -> Made:
        match step:
            case "vendor":
                return msgspec.structs.replace(made, vendor=skills.vendor())
            case "skill":
                return self._skill(made, skills)
            case "linking":
                return self._link(made, skills)
            case "models":
                self._models(made, skills)
            case "testing":
                skills.enable(made.skill)
            case "smart_home":
                self._change(made, skills)
            case "events":
                self._finished(made.skill, *skills.event_credentials(made.skill))
        return made

    def _skill(self, made: Made, skills: Skills) -> Made:
        """Makes the skill. If its id could not be kept the last time, the skill is found by its name, and changed."""
        found = made.skill or skills.find(made.vendor, NAMING.name)
        skill = found or skills.create(made.vendor, _plain(self._manifest(made)))
        made = msgspec.structs.replace(made, skill=skill)
        self._keep(made)
        if found:
            self._change(made, skills)
        else:
            self._built(partial(skills.manifest_built, skill))
        return made

    def _change(self, made: Made, skills: Skills) -> None:
        """Changes the skill's manifest. Amazon takes no change while it builds the change before."""
        built = partial(skills.manifest_built, made.skill)
        with contextlib.suppress(NotBuilt):
            self._built(built)
        skills.change(made.skill, _plain(self._manifest(made)))
        self._built(built)

    def begin_linking(self, session_id: str) -> tuple[Made, str]:
        """Begins to wait for a consent to linking; returns its state too. Raises Failed.

        A skill that an older showcam made does not name the return yet: then its account linking is set again.
        """
        made = self._skilled()
        if made.redirect != self.return_url:
            made = self._link(made, self._amazon.skills(made.profile, made.refresh))
        state, waiting = Waiting.begin(self._clock())
        made = msgspec.structs.replace(made, linking=Linking(waiting, session_id, secrets.token_urlsafe(48)))
        self._keep(made)
        return made, state

    def linking(self, state: str) -> Made | None:
        """The skill, if a consent to linking is waited for with this state."""
        made = self.made()
        return made if made is not None and made.linking.waiting.takes(state, self._clock()) else None

    def end_linking(self, made: Made) -> None:
        self._keep(msgspec.structs.replace(made, linking=Linking()))

    def _link(self, made: Made, skills: Skills) -> Made:
        """Links the skill to a client with a new secret, since nobody keeps the text of the old secret."""
        redirects = tuple(redirect.format(vendor=made.vendor) for redirect in REDIRECTS)
        known = self._store.client(CLIENT)
        if known is None:
            secret = clients.register(self._store, CLIENT, "alexa", redirects)
        else:
            secret = clients.renew_secret(self._store, msgspec.structs.replace(known, redirect_uris=redirects))
        skills.link_accounts(made.skill, _plain(skill_package.linking(self._url, CLIENT, secret)))
        made = msgspec.structs.replace(made, redirect=self.return_url)
        self._keep(made)
        return made

    def _models(self, made: Made, skills: Skills) -> None:
        """Puts a model into each locale of the skill that the spoken half speaks."""
        spoken = skill_package.models(skill_package.locales([made.language]))
        for locale, file in spoken.items():
            skills.put_model(made.skill, locale, json.loads(file.read_text()))
        for locale in spoken:
            self._built(partial(skills.model_built, made.skill, locale))

    def _manifest(self, made: Made) -> Manifest:
        functions = skill_package.regions([made.arn]) if made.arn else {}
        privacy = f"{self._url}/oauth/privacy"
        manifest = skill_package.manifest(
            self._url,
            functions,
            languages=[made.language],
            certificate=self._certificate(),
            privacy=privacy,
            terms=privacy,
        )
        for locale in manifest["manifest"]["publishingInformation"]["locales"].values():
            for icon in ("smallIconUri", "largeIconUri"):
                locale.pop(icon, None)  # files of the package, which is not uploaded
        return manifest

    def _built(self, ask: Callable[[], Build]) -> None:
        until = self._clock() + BUILD_S
        while ask() != "done":
            if self._clock() >= until:
                raise Failed(_STILL_BUILT)
            self._sleep(POLL_S)

    def _keep(self, made: Made) -> None:
        self._records.write(msgspec.json.encode(made))


def _plain(message: object) -> dict[str, object]:
    """A typed message as the client takes it."""
    return msgspec.json.decode(msgspec.json.encode(message), type=dict[str, object])


def _road(made: Made, *, running: bool) -> Road:
    if not made.refresh:
        return "allow"
    if "events" in made.done:
        return "made"
    if not made.arn and not running and all(step in made.done for step in SPOKEN):
        return "function"
    return "making"
