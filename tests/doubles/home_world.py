"""The console around a real store, registry and sign-in."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask
from msgspec import structs

from actions.devices import names
from actions.fulfillment import Fulfillment
from oauth.app import OAuthSettings, bind
from showcam.accounts.attempts import OneTimeCode
from showcam.accounts.households import end as end_of_link
from showcam.accounts.households import end_pictures
from showcam.accounts.links import LinkingWindow
from showcam.accounts.owner_users import Cost, OwnerUsers, Passwords
from showcam.accounts.pins import Pins
from showcam.accounts.players import Players
from showcam.accounts.states import States
from showcam.alexa.discovery import friendly_names
from showcam.alexa.smart_home import SmartHome
from showcam.alexa.spoken.skill import Spoken
from showcam.app.compose.own_pages import Nobody
from showcam.app.compose.players import LatePage
from showcam.app.settings import Settings
from showcam.app.setup import google_set_up
from showcam.app.setup.address import AddressKeeper
from showcam.app.setup.alexa_by_hand import AlexaByHand
from showcam.app.setup.exposing import Exposing
from showcam.app.setup.skill_creation import Made, SkillCreation
from showcam.app.setup.smapi import Amazon
from showcam.console.adding.own_camera import OwnCamera
from showcam.console.adding.page import Adding as AddingPage
from showcam.console.assistants.forms import AssistantForms, OperatorForms
from showcam.console.assistants.page import Assistants
from showcam.console.assistants.reports import Reports
from showcam.console.camera.page import CameraPage
from showcam.console.camera.removal import CameraRemoval
from showcam.console.camera.tracing import TracePage, Tracer, Traces
from showcam.console.door.entrance import HouseEntrance
from showcam.console.door.phone_rings import PhoneRings
from showcam.console.door.phones import Phones
from showcam.console.happened.page import Happenings
from showcam.console.health.examinations import Examinations
from showcam.console.health.notices import Notices
from showcam.console.health.page import Health
from showcam.console.help.public import blueprint
from showcam.console.home import page as home
from showcam.console.home.page import Home, HomeSettings
from showcam.console.look import files
from showcam.console.look.pages import Parts
from showcam.console.players.files import Origins
from showcam.console.players.page import PlayersPage
from showcam.console.setup.alexa import SkillPage
from showcam.console.setup.google import GooglePage
from showcam.console.setup.page import SetUp
from showcam.console.setup.reachable import Ports, Reachable
from showcam.console.setup.said import SaidPage
from showcam.console.trial.echo import SKILL_ID
from showcam.console.trial.page import Doors, Trial
from showcam.console.tv.page import Casting, Tvs
from showcam.drivers.errors import Reason, Refused, is_reason
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.sessions import Sessions
from showcam.drivers.lan.adding import Adding
from showcam.drivers.lan.devices import Devices
from showcam.drivers.lan.driver import LanDriver
from showcam.engine.source import Rtsp, SourceFailed, Watched
from showcam.engine.sources.probe import probe
from showcam.registry.owner.departures import Departures
from showcam.registry.owner.invitations import Invitations
from showcam.registry.owner.own_cameras import Find, OwnCameras, Search
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.quiet_times import NEVER
from showcam.store.records import DAY_S, Link
from showcam.store.sealing import Sealer
from tests.doubles.clock import Clock
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.household import Household, household
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.new_store import new_store
from tests.doubles.ready_machine import ReadyMachine
from tests.doubles.ready_vendor import CODE, ReadyVendor
from tests.doubles.templates import COMPILED
from tests.doubles.waiting import LONG_S

PUBLIC = Settings(public_url="https://home.example")
NEW = "new@example.com"  # whom nobody has added before
CHEAP = Cost(memory_kib=64, passes=1)
AT_HOME = "http://192.168.1.9:8080"  # the origin of the pages for programs in the house


@dataclass
class HomeWorld:
    home: Household
    app: Flask
    code: OneTimeCode
    vendor: Any  # a ReadyVendor with sessions
    clock: Clock
    machine: ReadyMachine
    users: OwnerUsers

    def browser(self, **more: Any) -> HomeBrowser:
        return HomeBrowser(self.app.test_client(), **more)

    def signed_in(self, user: str = USER) -> HomeBrowser:
        browser = self.browser().enter(self.code.renew()).sign_in(user)
        return browser.post("code", code=CODE) if user == CAREFUL else browser


def _alexa(made: Household, link: Link, body: bytes) -> bytes:
    return SmartHome(lambda _: link, made.registry, snapshots=False).answer(body)


def _skill(made: Household, link: Link, body: bytes) -> bytes:
    spoken = Spoken(lambda _: link, made.registry, Nobody(), SKILL_ID, "https://home.example")
    return msgspec.json.encode(spoken.answer(msgspec.json.decode(body)))


def _google(made: Household, link: Link, body: bytes) -> bytes:
    end = partial(_end_link, made)
    return Fulfillment(lambda _: link, made.registry, end, "https://home.example", Pins(made.store)).answer(body, "x")[
        1
    ]


def _departures(made: Household, rooms: Home) -> Departures:
    vendors = rooms.sign_in.vendors.values()
    return Departures(made.store, vendors, made.pictures, kept_s=DAY_S, vendor_s=LONG_S, clock=made.clock)


def _end_link(made: Household, link: Link) -> None:
    end_of_link(made.store, made.pictures, link)


def watched(spec: Rtsp) -> Watched:
    """As the media process watches a camera for a moment, and for longer on a busy machine. Raises Refused."""
    why: Reason = "media_down"
    for within_s in (2.0, 12.0):
        try:
            return asyncio.run(probe(spec, loopback=True, within_s=within_s)).watched(small=True)
        except SourceFailed as failed:
            why = failed.reason if is_reason(failed.reason) else "media_down"
            if why != "media_down":
                break
    raise Refused(why)


def _at_once(work: Callable[[], None]) -> None:
    work()


@dataclass
class Noted:
    """Keeps in memory how far a skill is made."""

    data: bytes | None = None

    def read(self) -> bytes | None:
        return self.data

    def write(self, data: bytes | None) -> None:
        self.data = data


def _skill_of(made: Household, skill: Made | None) -> SkillCreation:
    """Real but for Amazon, which is never asked: nobody allows it there. `skill`: how far it is made, by both roads."""
    keys, settings = [("one", b"k" * 32)], structs.replace(PUBLIC, alexa_skill_id=skill.skill if skill else "")
    nobody, noted = Amazon("127.0.0.1:9", None), Noted(msgspec.json.encode(skill) if skill else None)
    making = SkillCreation(settings.public_url, nobody, made.store, noted, lambda *_: None, lambda: "trusted", keys)
    making.hand = AlexaByHand(settings, made.store, lambda _: None, keys)
    return making


def _pages(
    made: Household,
    rooms: Home,
    machine: ReadyMachine,
    folder: Path,
    address: str,
    *,
    own: bool,
    keeper: AddressKeeper | None,
    tracer: Tracer | None,
    skill: Made | None,
) -> list[home.Page]:
    examinations = Examinations(machine, machine.start or _at_once)
    history = made.adapter.history
    happenings = Happenings(made.owner, rooms.area, history, made.adapter.alarm_pictures, made.clock)
    said = SaidPage(made.owner, rooms.area, happenings)
    reachable = Reachable(
        rooms.area,
        Ports(8080, 8081),
        address=address,
        keeper=keeper,
        examinations=examinations,
        exposer=Exposing(keeper, 8080, 8081, pause_s=0.05) if keeper else None,
    )
    return [
        happenings,
        CameraPage(
            made.owner,
            rooms.area,
            rooms.forms,
            happenings,
            alexa=friendly_names,
            google=names,
            traces=tracer.kind if tracer else "",
            talking=made.adapter.talking,
            patience_s=0.2,
        ),
        *([TracePage(made.owner, rooms.area, Traces(tracer))] if tracer is not None else []),
        CameraRemoval(made.owner, rooms.area, patience_s=0.2),
        Assistants(
            made.owner,
            rooms.area,
            history,
            AssistantForms(
                made.store,
                rooms.area.new_links,
                partial(_end_link, made),
                _departures(made, rooms).delete,
            ),
            Reports(made.store, made.adapter.faults.of),
            OperatorForms(
                made.store,
                Invitations(made.store, [Sessions(made.store)]),
                LinkingWindow(made.store, made.clock),
                partial(_end_link, made),
                open_to_all=False,
            ),
        ),
        SetUp(rooms.gallery, rooms.signing_in, rooms.area, reachable, said=said),
        reachable,
        Phones(
            rooms.area,
            rooms.phone_codes,
            rooms.entrance,
            lambda: "192.168.1.5",
            port=8080,
            rings=PhoneRings(made.owner, made.store),
        ),
        GooglePage(rooms.area, made.store, google_set_up.console(PUBLIC)),
        said,
        SkillPage(rooms.area, _skill_of(made, skill)),
        Health(made.owner, rooms.area, examinations, folder / "backups"),
        Notices(rooms.area, made.clock),
        Trial(made.owner, rooms.area, Doors(partial(_alexa, made), partial(_google, made), partial(_skill, made))),
    ]


def day_of(at: float) -> str:
    """How a page says a day to a household that has chosen no zone."""
    return moment(at).partition(" ")[0]


def moment(at: float) -> str:
    """How a page says a time to a household that has chosen no zone."""
    return f"{NEVER.local(at):%Y-%m-%d %H:%M}"


def home_world(
    folder: Path,
    *,
    public: bool = False,
    media_port: int | None = 8081,
    own: bool = False,
    find: Find | None = None,
    tvs: Tvs | None = None,
    address: str = "",
    machine: ReadyMachine | None = None,
    kept_in: Path | None = None,
    tracer: Tracer | None = None,
    skill: Made | None = None,
) -> HomeWorld:
    """`own`: with the pages of cameras of one's own; `find`: what looks through the house; `tvs`: its TVs.

    `address`: the public one, which set-up has the doctor examine. `kept_in`: the data folder of the showcam
    that keeps settings. `tracer`: makes traces of cameras.
    `skill`: how far the owner's Alexa skill is made.
    """
    clock = Clock()
    clock.now = time.time()  # which sessions go by
    store = new_store(folder / "showcam.sqlite3", Sealer([("test", secrets.token_bytes(32))]), wait_s=LONG_S)
    made = household(folder, user=USER, clock=clock, store=store, lan=LanDriver(store, loopback=True, known_s=0.0))
    made.adapter.changes.subscribe(made.adapter.owner.encrypted.note)
    sessions.add_owner(made.store, CAREFUL)
    vendor: Any = ReadyVendor(USER, NEW, careful=(CAREFUL,))
    vendor.sessions = Sessions(made.store)
    users = OwnerUsers(made.store, Passwords(CHEAP))
    code = OneTimeCode(folder / "run" / "home-code", clock)
    app = Flask("showcam", static_folder=None)
    app.jinja_options = {"bytecode_cache": COMPILED}
    issuer = "https://home.example" if public else "http://127.0.0.1:8080"
    bind(
        app,
        made.store,
        SignIn(made.store, [vendor], "owner", owner_users=users, by_code=made.owner.encrypted.fetch_keys),
        made.owner,
        OAuthSettings(issuer=issuer, cookie_keys=[secrets.token_bytes(32)], secure_cookies=public),
        partial(_end_link, made),
        Departures(made.store, [vendor], made.pictures, kept_s=DAY_S, vendor_s=LONG_S).delete,
    )
    app.register_blueprint(files.blueprint())
    app.register_blueprint(blueprint(practice_url="", vendor="EZVIZ"))
    entrance = HouseEntrance(made.store, code, "public" if public else "lan", ("nas.local",), exposed=public)
    has = Parts(adds=own, tvs=tvs is not None, notifies=True, plays=True)
    settings = HomeSettings(media_port=media_port, live=4, has=has, refusal_s=0.0)

    def end(session: str) -> None:
        end_pictures(made.pictures, session)

    sign_in = SignIn(
        made.store, [vendor], "anyone", origin="owner", owner_users=users, by_code=made.owner.encrypted.fetch_keys
    )
    rooms = Home(made.store, sign_in, made.owner, entrance, settings, end, States([b"k" * 32]), clock)
    machine = machine or ReadyMachine()
    of_tvs = [Casting(made.owner, rooms.area, tvs)] if tvs is not None else []
    of_house = _own_pages(made, rooms, find, clock) if own else []
    of_players = PlayersPage(
        made.owner,
        rooms.area,
        Players(made.store, clock),
        partial(end_pictures, made.pictures),
        lambda: Origins(AT_HOME),
    )
    home.bind(
        app,
        rooms,
        *_pages(
            made,
            rooms,
            machine,
            folder,
            address,
            own=own,
            keeper=AddressKeeper(Settings(data=kept_in), {}) if kept_in else None,
            tracer=tracer,
            skill=skill,
        ),
        *of_tvs,
        *of_house,
        LatePage(lambda: of_players),
    )
    return HomeWorld(made, app, code, vendor, clock, machine, users)


def _own_pages(made: Household, page: Home, find: Find | None, clock: Clock) -> list[home.Page]:
    own = OwnCameras(
        made.store,
        made.owner,
        Devices(made.store),
        Adding(loopback=True, onvif_ports=(1,)),
        watched,
        None,
        loopback=True,
        clock=clock,
    )
    return [AddingPage(own, Search(find, clock) if find else None, page.area), OwnCamera(own, page.area)]
