"""Builds what makes the owner's Alexa skill, and what keeps the public address that set-up is given."""

from collections.abc import Mapping
from functools import partial

from showcam.app.compose import ground
from showcam.app.keys import Keys
from showcam.app.process import handover
from showcam.app.process.kept import Installation, Record, keeps
from showcam.app.settings import Settings
from showcam.app.setup import skill_creation
from showcam.app.setup.skill_creation import SkillCreation
from showcam.app.setup.skill_set_up import AlexaByHand, SkillSetUp
from showcam.app.setup.smapi import Amazon

_RECORD = "alexa_skill_making"


def build(settings: Settings, keys: Keys, base: ground.Ground) -> SkillSetUp:
    making, hand = None, None
    if keeps(settings) and settings.public_url.startswith("https://"):
        installation = Installation(settings, handover.origins())

        def keep(found: Mapping[str, str]) -> None:
            installation.change(installation.changeable(found))

        def finished(skill: str, client_id: str, client_secret: str) -> None:
            keep({"alexa_skill_id": skill, "lwa_client_id": client_id, "lwa_client_secret": client_secret})

        hand = AlexaByHand(settings, base.store, keep, keys.forwarder)

        making = SkillCreation(
            settings.public_url,
            Amazon(settings.assistants_at, settings.ca_file if settings.assistants_at else None),
            base.store,
            Record(settings, _RECORD),
            finished,
            partial(skill_creation.certificate_kind, settings.public_url),
        )
    return SkillSetUp(settings, making, hand, keys.forwarder)


class AddressKeeper:
    """Keeps the public address of a name; a proxy or tunnel on this machine is then believed."""

    def __init__(self, settings: Settings) -> None:
        self._installation = Installation(settings, handover.origins())

    def keep(self, name: str) -> bool:
        address = {"public_url": f"https://{name}"}
        if not self._installation.changeable(address):
            return False
        self._installation.change(address | self._installation.changeable({"trusted_proxies": "127.0.0.1"}))
        return True

    def is_held_up(self) -> bool:
        return self._installation.is_held_up()

    def apply_now(self) -> None:
        self._installation.apply_now()


def address_keeper(settings: Settings) -> AddressKeeper | None:
    """The keeper of the public address; None if no settings are kept."""
    return AddressKeeper(settings) if keeps(settings) else None
