"""Builds the parts of the console that exist only at home.

These are sentences to try, phones, cameras of the household's own, TVs of the house and the machine's health. Three
belong to set-up: Google, the owner's Alexa skill and the public address.
"""

import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from actions.fulfillment import Fulfillment
from showcam.accounts.pins import Pins
from showcam.alexa.smart_home import SmartHome
from showcam.app.compose import ground, screens
from showcam.app.compose.ground import Ground
from showcam.app.compose.own_cameras import PROBE_S, own_cameras_of
from showcam.app.keys import Keys, KeysUnreadable
from showcam.app.on_disk import OnDisk, version_of
from showcam.app.process import handover
from showcam.app.process.handover import started
from showcam.app.process.home_address import host_in_house
from showcam.app.process.kept import Installation, Record, keeps
from showcam.app.process.supervisor import CannotStart
from showcam.app.redaction import redact
from showcam.app.settings import Settings
from showcam.app.setup import google_set_up
from showcam.app.setup.address import AddressKeeper
from showcam.app.setup.alexa_by_hand import AlexaByHand
from showcam.app.setup.exposing import Exposing
from showcam.app.setup.one_tap import OneTap
from showcam.app.setup.skill_creation import SkillCreation
from showcam.app.setup.skill_package import certificate_kind
from showcam.app.setup.smapi import Amazon, Profile
from showcam.cast.door import CastClient
from showcam.console.adding.own_camera import OwnCamera
from showcam.console.adding.page import Adding as AddingPage
from showcam.console.door.phone_rings import PhoneRings
from showcam.console.door.phones import Phones
from showcam.console.health.machine import Facts, Finding, NotMade
from showcam.console.home.page import Home, Page
from showcam.console.setup.google import GooglePage
from showcam.console.setup.skill import Road
from showcam.console.trial.echo import SKILL_ID
from showcam.console.trial.page import Doors, Trial
from showcam.drivers.errors import Refused, is_reason
from showcam.drivers.lan.devices import Device
from showcam.drivers.lan.driver import LanDriver
from showcam.drivers.lan.search import Candidate, Heard, of_house, search
from showcam.engine.messages import MediaBusy, MediaUnavailable, NoPicture
from showcam.engine.source import Rtsp, Watched
from showcam.net.addresses import house_networks
from showcam.registry.owner.own_cameras import Search
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link

TAIL = 256 * 1024  # bytes of each log file that are read


def own_pages(settings: Settings, base: ground.Ground, home: Home) -> list[Page]:
    trial = Trial(base.adapter.owner, home.area, trial_doors(settings, base))
    phones = Phones(
        home.area,
        home.phone_codes,
        home.entrance,
        lambda: host_in_house(settings),
        port=settings.port,
        rings=PhoneRings(base.adapter.owner, base.store, loopback=settings.demo) if settings.notifies else None,
    )
    google = GooglePage(home.area, base.store, google_set_up.console(settings))
    return [trial, phones, google, *_of_own_cameras(settings, base, home)]


class Nobody:
    """Finds no link for any Amazon user, since a link of the console's is stored nowhere."""

    def remember(self, user: str, link: Link) -> None: ...

    def link_of(self, _user: str) -> Link | None:
        return None

    def end(self, link: Link) -> None: ...


def trial_doors(settings: Settings, base: Ground) -> Doors:
    def alexa(link: Link, body: bytes) -> bytes:
        return SmartHome(lambda _: link, base.adapter.registry, snapshots=False).answer(body)

    def skill(link: Link, body: bytes) -> bytes:
        from showcam.alexa.spoken.skill import Spoken  # ask-sdk takes a while to import

        spoken = Spoken(lambda _: link, base.adapter.registry, Nobody(), SKILL_ID, settings.web_url)
        return msgspec.json.encode(spoken.answer(msgspec.json.decode(body)))

    def google(link: Link, body: bytes) -> bytes:
        nobody = Nobody()
        door = Fulfillment(lambda _: link, base.adapter.registry, nobody.end, settings.web_url, Pins(base.store))
        return door.answer(body, "console")[1]

    return Doors(alexa, google, skill)


def _of_own_cameras(settings: Settings, base: ground.Ground, home: Home) -> list[Page]:
    driver = base.of(LanDriver)
    if driver is None:
        return []

    def watch(spec: Rtsp) -> Watched:
        try:
            return base.pictures.probe(spec, PROBE_S)
        except NoPicture as none:
            raise Refused(none.reason if is_reason(none.reason) else "media_down") from None
        except MediaBusy:
            raise Refused("busy") from None
        except MediaUnavailable:
            raise Refused("media_down") from None

    # the demo asks nothing of a real house
    own = own_cameras_of(settings, base, driver.devices, watch, None if settings.demo else of_house)
    looking = None if settings.demo else Search(_found)
    return [AddingPage(own, looking, home.area), OwnCamera(own, home.area)]


def _found(known: Sequence[Device], look: bool, heard: Heard) -> Sequence[Candidate]:
    return search(house_networks(), known, look=look, heard=heard)


def tvs(settings: Settings) -> CastClient | None:
    """The TVs for the console; None if there is no console, or no Cast."""
    return screens.client(settings) if settings.casts and settings.has_console else None


_RECORD = "alexa_skill_making"


def skill(settings: Settings, keys: Keys, base: ground.Ground) -> SkillCreation:
    installation = Installation(settings, handover.origins())

    def keep(found: Mapping[str, str]) -> None:
        installation.change(installation.changeable(found))

    def finished(skill: str, client_id: str, client_secret: str) -> None:
        keep({"alexa_skill_id": skill, "lwa_client_id": client_id, "lwa_client_secret": client_secret})

    url, amazon = (
        settings.public_url,
        Amazon(settings.assistants_at, settings.ca_file if settings.assistants_at else None),
    )
    blocked: Road | None = None if url.startswith("https://") else "unreachable"
    if not keeps(settings):
        blocked = "not_kept"
    making = SkillCreation(
        url,
        amazon,
        base.store,
        Record(settings, _RECORD),
        finished,
        partial(certificate_kind, url),
        keys.forwarder,
        blocked=blocked,
    )
    if not blocked:
        making.hand = AlexaByHand(settings, base.store, keep, keys.forwarder)
        if settings.lwa_client_id and settings.lwa_client_secret:
            client = Profile(settings.lwa_client_id, settings.lwa_client_secret)
            making.one_tap = OneTap(url, making, amazon, client, base.store, base.end)
    return making


def address_keeper(settings: Settings) -> AddressKeeper | None:
    """The keeper of the public address; None if no settings are kept."""
    return AddressKeeper(settings, handover.origins()) if keeps(settings) else None


def exposer(settings: Settings, keeper: AddressKeeper | None) -> Exposing | None:
    """Gives this machine a public address at a press; None if no address is kept."""
    return Exposing(keeper, settings.port, settings.media_port) if keeper else None


@dataclass(frozen=True)
class OwnMachine:
    """Answers the console about the machine: the doctor, sizes, a backup and the log."""

    settings: Settings
    base: Ground
    disk: OnDisk = field(default_factory=lambda: OnDisk(version_of(), started()))

    def facts(self, account_id: str) -> Facts:
        disk = shutil.disk_usage(self.settings.data)
        database = self.settings.database
        return Facts(
            version=self.disk.version,
            newer=self.disk.newer(),
            changed=self.disk.changed(),
            mqtt=_broker(self.settings),
            python=platform.python_version(),
            address=self.settings.public_url,
            disk_free=disk.free,
            disk_size=disk.total,
            database=database.stat().st_size if database.exists() else 0,
            live=self._live(account_id),
            keeps_backups=self.settings.store == "sqlite",
        )

    def examine(self, account_id: str) -> Iterator[Finding]:
        from showcam.app.compose.doctor import running  # the doctor is loaded when it is asked

        yield from running(self.settings, self.base, household=account_id)

    def backup(self, folder: Path) -> Path:
        from showcam.app.data import backup  # as seldom

        target = folder / "showcam.backup"
        try:
            backup.write(self.settings, target, None, force=False)
        except (CannotStart, StoreUnavailable, KeysUnreadable) as error:
            raise NotMade(str(error)) from None
        return target

    def log(self, most: int) -> list[str]:
        lines = [line for file in (self.settings.data / "log").glob("*.jsonl") for line in _tail(file)]
        return sorted(map(redact, lines), key=_moment)[-most:]

    def _live(self, account_id: str) -> int | None:
        try:
            return self.base.pictures.live(account_id)
        except MediaUnavailable:
            return None


def _broker(settings: Settings) -> str:
    """A sentence about the connection to the MQTT broker; "" if no broker is set."""
    if not settings.broker_status.exists():
        return ""
    from showcam.mqtt import status

    met = status.read(settings.broker_status)
    return met.sentence if met else ""


def _tail(file: Path) -> list[str]:
    """The last whole lines of a log file, from its last TAIL bytes."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - TAIL))
            whole = opened.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return whole[1:] if file.stat().st_size > TAIL else whole


def _moment(line: str) -> str:
    """The time in a line of the log, as a text that sorts."""
    return line.partition('"timestamp":')[2].strip()[:40]
