"""The pages that web process and web function share: linking, the console, and the receiver's."""

from collections.abc import Callable
from functools import partial

from flask import Flask
from msgspec import structs

from actions.devices import names
from actions.errors import REFUSED as GOOGLE
from oauth import app as oauth
from oauth.app import OAuthSettings
from showcam.accounts import households
from showcam.accounts.attempts import Limits, OneTimeCode
from showcam.accounts.links import LinkingWindow
from showcam.accounts.owner_users import OwnerUsers
from showcam.accounts.states import States
from showcam.alexa.discovery import friendly_names
from showcam.alexa.errors import REFUSED as ALEXA
from showcam.app.aws import boto
from showcam.app.compose import ground
from showcam.app.compose.demo import PRACTICE
from showcam.app.keys import Keys
from showcam.app.settings import Settings
from showcam.app.shipped import document
from showcam.cast import receiver_page
from showcam.console.assistants.forms import AssistantForms, OperatorForms
from showcam.console.assistants.page import Assistants
from showcam.console.assistants.reports import Reports
from showcam.console.camera.page import CameraPage
from showcam.console.camera.removal import CameraRemoval
from showcam.console.camera.tracing import TracePage, Tracer, Traces
from showcam.console.door.entrance import HouseEntrance, PublicEntrance
from showcam.console.happened.page import Happenings
from showcam.console.health.examinations import Examinations
from showcam.console.health.machine import Machine
from showcam.console.health.notices import Notices
from showcam.console.health.page import Health
from showcam.console.help import public
from showcam.console.help.documents import Documents
from showcam.console.help.page import Heard
from showcam.console.home import page as home
from showcam.console.home.page import Home, HomeSettings
from showcam.console.look import files
from showcam.console.look.pages import Parts
from showcam.console.setup.alexa import SkillPage, arrivals
from showcam.console.setup.exposing import Exposer
from showcam.console.setup.page import SetUp
from showcam.console.setup.reachable import Keeper, Ports, Reachable
from showcam.console.setup.said import SaidPage
from showcam.console.setup.skill import Skill
from showcam.console.tv.page import Casting, Tvs
from showcam.drivers.errors import REASONS
from showcam.registry.owner.invitations import Invitations
from showcam.registry.owner.sign_in import SignIn

# Requests of one household's browsers in a minute, on an installation for many households. A page with 16 cameras sends
# some 40 in its first minute (a picture and an offer for each camera), and 8 in each later one.
HOUSEHOLD_REQUESTS = 300
PAGE_LIVE = 16  # cameras that /home plays at once: `make bench` measures a machine that relays as many


def app(
    settings: Settings,
    keys: Keys,
    base: ground.Ground,
    own_pages: Callable[[Home], list[home.Page]] = lambda _: [],
    skill: Skill | None = None,
    tvs: Tvs | None = None,
    machine: Machine | None = None,
    keeper: Keeper | None = None,
    tracer: Tracer | None = None,
    exposer: Exposer | None = None,
) -> Flask:
    """`own_pages`: makes the pages of the household's own cameras, if there may be any; on AWS none is loaded.

    `tvs`: the TVs of the house, if cameras may be shown on them. `skill`: makes the owner's Alexa skill, if the console
    may do this. `machine`: answers the page of health. `keeper`: keeps the public address, if settings are kept.
    `tracer`: makes traces of cameras, if there is time for that. `exposer`: gives this machine a public address.
    """
    app = Flask("showcam", static_folder=None)
    sign_in = _sign_ins(settings, base)
    _bind_linking(app, settings, keys, base, sign_in(settings.sign_up))
    app.register_blueprint(files.blueprint(ground.product(settings)))
    console_home = None
    if settings.has_console:
        # a person who holds the printed code runs this installation, and so may add any account
        of_console = sign_in(settings.sign_up) if settings.all_on_aws else sign_in("anyone", origin="owner")
        has = Parts(
            operated=not settings.all_on_aws,
            adds=settings.has_lan_cameras,
            tvs=tvs is not None,
            notifies=settings.notifies,
            plays=settings.is_one_house,
        )
        console_home = _home(settings, base, of_console, keys.cookie, has)
    _bind_public(app, settings, base, console_home)
    if console_home is not None:
        examinations = Examinations(machine) if machine else None
        more = _optional_pages(settings, base, console_home, own_pages, skill, tvs, examinations, tracer)
        adapter, area = base.adapter, console_home.area
        happenings = Happenings(adapter.owner, area, adapter.history, adapter.alarm_pictures)
        camera = CameraPage(
            adapter.owner,
            area,
            console_home.forms,
            happenings,
            alexa=friendly_names,
            google=names,
            traces=tracer.kind if tracer else "",
            has_broker=settings.broker_status.exists,
            talking=adapter.talking,
        )
        others = _console(settings, console_home, base, happenings, keeper, examinations, exposer)
        home.bind(app, console_home, camera, happenings, *others, *more)
    if skill:
        app.register_blueprint(arrivals(skill))
    return app


def _bind_linking(app: Flask, settings: Settings, keys: Keys, base: ground.Ground, sign_in: SignIn) -> None:
    oauth.bind(
        app,
        base.store,
        sign_in,
        base.adapter.owner,
        OAuthSettings(
            issuer=settings.web_url,
            secure_cookies=settings.web_url.startswith("https://"),
            cookie_keys=keys.cookie,
            kept_days=settings.unlinked_days,
            practice=PRACTICE if settings.demo else None,
        ),
        base.end,
        base.departures(settings, settings.sign_in_s).delete,
    )
    if settings.store == "dynamodb":
        within = boto.within(settings.sign_in_s + settings.request_s + boto.STORE_S)
        app.wsgi_app = within(app.wsgi_app)  # type: ignore[method-assign]


def _bind_public(app: Flask, settings: Settings, base: ground.Ground, console_home: Home | None) -> None:
    """Binds the front page, the help and the page that a TV loads."""
    app.register_blueprint(
        public.blueprint(
            practice_url=f"http://127.0.0.1:{settings.simulator_port}/" if settings.demo else "",
            vendor=base.vendors[0].vendor,
            heard=error_codes(),
            published=settings.sign_up == "anyone",
            leads_home=console_home.leads_home if console_home else lambda: False,
            documents=Documents(sorted(document("owner").glob("*.md"))),
            has_cameras=settings.has_console and settings.all_on_aws,
        )
    )
    if settings.own_media and not settings.all_on_aws:
        app.register_blueprint(receiver_page.blueprint())


def _optional_pages(
    settings: Settings,
    base: ground.Ground,
    made: Home,
    own_pages: Callable[[Home], list[home.Page]],
    skill: Skill | None,
    tvs: Tvs | None,
    examinations: Examinations | None,
    tracer: Tracer | None,
) -> list[home.Page]:
    """The console's pages that not every installation has."""
    owner, pages = base.adapter.owner, list[home.Page]()
    if skill is not None:
        pages.append(SkillPage(made.area, skill))
    if tvs is not None:
        pages.append(Casting(owner, made.area, tvs))
    pages += own_pages(made)
    if settings.notifies:
        pages.append(Notices(made.area))
    if examinations is not None:
        pages.append(Health(owner, made.area, examinations, settings.data / "backups"))
    if tracer is not None:
        pages.append(TracePage(owner, made.area, Traces(tracer)))
    return pages


def _sign_ins(settings: Settings, base: ground.Ground) -> Callable[..., SignIn]:
    """Makes the sign-ins of linking and of the console, which share their limits and the memory for hashes."""
    limits = Limits(per_user=settings.sign_ins_per_user, per_address=settings.sign_ins_per_address)
    if limits.per_user > limits.per_code:  # in the demo
        limits = structs.replace(limits, per_code=limits.per_user)
    return partial(
        SignIn,
        base.store,
        base.vendors,
        owner_users=OwnerUsers(base.store),
        limits=limits,
        vendor_s=settings.sign_in_s,
        by_code=base.adapter.owner.encrypted.fetch_keys,
    )


def error_codes() -> Heard:
    """The error code that each assistant gets for each reason."""
    return {
        "alexa": {reason: ALEXA[reason].kind for reason in REASONS},
        "google": {reason: GOOGLE[reason] for reason in REASONS},
    }


def _console(
    settings: Settings,
    made: Home,
    base: ground.Ground,
    happenings: Happenings,
    keeper: Keeper | None,
    examinations: Examinations | None,
    exposer: Exposer | None,
) -> list[home.Page]:
    """The console's pages other than /home itself."""
    pages: list[home.Page] = [CameraRemoval(base.adapter.owner, made.area), _assistants(settings, made, base)]
    if not made.has.operated:
        return pages
    owner = base.adapter.owner
    said = SaidPage(owner, made.area, happenings)
    reachable = Reachable(
        made.area,
        Ports(settings.port, settings.media_port),
        address=settings.public_url,
        keeper=keeper,
        examinations=examinations,
        exposer=exposer,
    )
    set_up = SetUp(made.gallery, made.signing_in, made.area, reachable, said=said)
    return [*pages, set_up, reachable, said]


def _assistants(settings: Settings, made: Home, base: ground.Ground) -> Assistants:
    operator = OperatorForms(
        base.store,
        Invitations(base.store, [vendor.sessions for vendor in base.vendors]),
        LinkingWindow(base.store),
        base.end,
        open_to_all=settings.sign_up == "anyone",
    )
    return Assistants(
        base.adapter.owner,
        made.area,
        base.adapter.history,
        AssistantForms(base.store, made.area.new_links, base.end, base.departures(settings, settings.sign_in_s).delete),
        Reports(base.store, base.adapter.faults.of),
        operator if made.has.operated else None,
    )


def _home(settings: Settings, base: ground.Ground, sign_in: SignIn, cookie_keys: list[bytes], has: Parts) -> Home:
    of_house = HouseEntrance(
        base.store,
        OneTimeCode(settings.home_code),
        open_to="public" if settings.console == "public" else "lan",
        names=settings.console_hosts,
        exposed=settings.is_exposed,
    )
    return Home(
        base.store,
        sign_in,
        base.adapter.owner,
        of_house if has.operated else PublicEntrance(),
        HomeSettings(
            media_port=settings.media_port if settings.own_media else None,
            # if a household has only a few places, one of them stays free for a display
            live=PAGE_LIVE if settings.is_one_house else max(1, settings.live_per_account - 1),
            has=has,
            most=None if has.operated else HOUSEHOLD_REQUESTS,
            back=f"{settings.web_url}{oauth.CALLBACK}",
        ),
        partial(households.end_pictures, base.pictures),
        States(cookie_keys),
    )
