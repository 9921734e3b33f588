"""The interface between the page about the Alexa skill and the maker of the skill; composition hands in the maker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from showcam.accounts.console_sessions import ConsoleSession
from showcam.i18n.catalogue import mark

type Road = Literal["not_kept", "unreachable", "begin", "allow", "making", "function", "made"]
type Step = Literal["vendor", "skill", "linking", "models", "testing", "function", "smart_home", "events"]


class NotMade(Exception):
    """A step of making the skill failed. `sentence` is marked for translation; its gaps hold no secret."""

    def __init__(self, sentence: str, **gaps: str) -> None:
        super().__init__(sentence.format(**gaps))
        self.sentence, self.gaps = sentence, gaps


@dataclass(frozen=True)
class Standing:
    """The progress of the skill. `road` is the next step."""

    road: Road
    language: str = ""  # of the Echo; "": not chosen yet
    client_id: str = ""
    running: bool = False
    done: frozenset[Step] = frozenset()
    failed: NotMade | None = None


@dataclass(frozen=True)
class Stack:
    """The function's CloudFormation template, which holds no key, and the key that CloudFormation asks for."""

    template: str
    region: str  # an AWS region: Alexa calls a function there for the Echo's language
    key: str = field(repr=False)


class OneTap(Protocol):
    """Links Alexa from the page, with one consent at Amazon. Each method may raise StoreUnavailable."""

    leads_to: tuple[str, ...]  # origins: Amazon's and the public address

    def begin(self, session: ConsoleSession) -> str:
        """Returns Amazon's address for the consent. Raises NotMade."""
        ...

    def takes(self, state: str) -> bool:
        """Tells whether a return from Amazon with this state is expected."""
        ...

    def finish(self, state: str, code: str) -> None:
        """Takes the code that Amazon sends back with the consent, and links. Raises NotMade."""
        ...


class Skill(Protocol):
    """Each method may raise StoreUnavailable."""

    languages: tuple[str, ...]
    return_url: str  # the owner writes this into the security profile; "": no public address

    def standing(self) -> Standing: ...

    def begin(self, client_id: str, client_secret: str, language: str) -> str:
        """Returns Amazon's address for the consent of the browser's user. Raises NotMade."""
        ...

    def go_on(self) -> None:
        """Go on with making the skill in a separate thread, only one at a time."""
        ...

    def stack(self) -> Stack:
        """Returns the stack of the function at AWS. Raises NotMade."""
        ...

    def use_function(self, arn: str) -> None:
        """Takes the function of that ARN. Raises NotMade for a function that Alexa can't call."""
        ...

    def forget(self) -> None: ...

    def takes(self, state: str) -> bool:
        """Tells whether a return from Amazon with this state is expected."""
        ...

    def allowed(self, state: str, code: str) -> None:
        """Takes the code that Amazon sends back with the consent. Raises NotMade."""
        ...

    @property
    def one_tap(self) -> OneTap | None:
        """None until the skill's own keys are in use."""
        ...

    @property
    def hand(self) -> "Hand | None":
        """The way by hand; None without a public https address."""
        ...


class Hand(Protocol):
    """The values that the owner copies between Amazon's console and here. Each method may raise StoreUnavailable."""

    address: str  # the public origin
    skill_id: str  # "" until the owner has copied it to here
    reports: bool  # whether the keys for reports are kept

    def is_granted(self, link_id: str) -> bool:
        """Tells whether Alexa let showcam report to this link."""
        ...

    def client(self, address: str) -> str:
        """Takes one of the redirect addresses. Returns the client's new secret, or "" if the client keeps its own.

        Raises NotMade.
        """
        ...

    def new_secret(self) -> str:
        """Makes a new secret for the client and returns it. Raises NotMade."""
        ...

    def stack(self, language: str) -> Stack:
        """Returns the stack of the function for an Echo in this language. Raises NotMade."""
        ...

    def keep(self, skill_id: str, client_id: str, client_secret: str) -> None:
        """Stores the three values; an empty value changes nothing. Raises NotMade."""
        ...


STEPS: Mapping[Step, str] = {
    "vendor": mark("Your developer account"),
    "skill": mark("The skill"),
    "linking": mark("Account linking"),
    "models": mark("English and German sentences"),
    "testing": mark("Testing switched on"),
    "function": mark("The function at AWS"),
    "smart_home": mark("The Smart Home half"),
    "events": mark("The keys for reports"),
}
