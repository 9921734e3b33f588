"""Builds what answers the sentences that an owner tries on the console: both assistants' doors, without a token."""

import msgspec

from accounts.pins import Pins
from actions.fulfillment import Fulfillment
from alexa.smart_home import SmartHome
from console.echo import SKILL_ID
from console.trial import Doors
from showcam.compose.ground import Ground
from showcam.settings import Settings
from store.records import Link


class Nobody:
    """The link of an Amazon user: none, since a link of the console's is stored nowhere."""

    def remember(self, user: str, link: Link) -> None: ...

    def link_of(self, _user: str) -> Link | None:
        return None

    def end(self, link: Link) -> None: ...


def doors(settings: Settings, base: Ground) -> Doors:
    def alexa(link: Link, body: bytes) -> bytes:
        return SmartHome(lambda _: link, base.adapter.registry, snapshots=False).answer(body)

    def skill(link: Link, body: bytes) -> bytes:
        from alexa.spoken.skill import Spoken  # ask-sdk takes a while to import

        spoken = Spoken(lambda _: link, base.adapter.registry, Nobody(), SKILL_ID, settings.web_url)
        return msgspec.json.encode(spoken.answer(msgspec.json.decode(body)))

    def google(link: Link, body: bytes) -> bytes:
        nobody = Nobody()
        door = Fulfillment(lambda _: link, base.adapter.registry, nobody.end, settings.web_url, Pins(base.store))
        return door.answer(body, "console")[1]

    return Doors(alexa, google, skill)
