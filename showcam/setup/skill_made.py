"""How far the making of an owner's skill is, as it is kept between calls and restarts."""

import hmac
import secrets

from msgspec import Struct

from accounts.identity import token_hash
from console.skill import Step
from showcam.setup.smapi import Profile

WAITS_S = 900.0  # Amazon's return is taken for so long


class Waiting(Struct, frozen=True):
    """A one-time text that somebody is to bring back: its hash, and until when, epoch seconds."""

    hash: str = ""
    until: float = 0.0

    @classmethod
    def begin(cls, now: float) -> "tuple[str, Waiting]":
        text = secrets.token_urlsafe(32)
        return text, cls(token_hash(text), now + WAITS_S)

    def is_over(self, now: float) -> bool:
        return now >= self.until

    def takes(self, text: str, now: float) -> bool:
        """In constant time for texts of any kind."""
        try:
            given = token_hash(text)
        except UnicodeEncodeError:
            given = ""
        return hmac.compare_digest(given, self.hash) and not self.is_over(now)


class Made(Struct, frozen=True):
    """How far it is. It is kept sealed: `profile`, `refresh` are secrets."""

    profile: Profile
    language: str
    refresh: str = ""
    vendor: str = ""
    skill: str = ""
    arn: str = ""
    done: tuple[Step, ...] = ()
    amazon: Waiting = Waiting()
