"""An operator's access to households, for whoever supports customers: facts without secrets, and what ends or removes.

Each method but `page` is about one household. No vendor is asked, and no list holds all households.
"""

import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TypedDict

import msgspec
from msgspec.structs import asdict

from showcam.accounts import households
from showcam.accounts.owner_users import OwnerUsers, named_household
from showcam.accounts.pins import Pins
from showcam.drivers import KINDS
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.errors import Unavailable, is_reason
from showcam.drivers.vendor import Vendor
from showcam.registry import preferences, quiet_times
from showcam.registry.gate.reasons import explained, row_text
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.judge import Row
from showcam.store.outbox import Telling
from showcam.store.ports import Store
from showcam.store.records import (
    ASK_KEPT_S,
    ASKED,
    ASSISTANTS,
    HAPPENING_KEPT_S,
    Account,
    Ask,
    Link,
    SourceKind,
    addressable,
)
from showcam.store.sealing import SealedUnreadable

MOST = 100  # households of a page
LAST_ASKS = 20
UNOPENED = "(can't be opened)"  # in place of a name whose key is missing


class NoSuchRow(Exception):
    """The household has no row of the history with this id, or no longer."""


class BriefFacts(TypedDict):
    household: str
    created: float
    language: str
    origin: str  # how the household began: owner, invited, linking


class UserFacts(TypedDict):
    user: str
    signed_in: bool


class HouseholdFacts(BriefFacts):
    users: list[UserFacts]
    showcam_user: str
    lan: bool
    links: int
    pin: bool


class LinkFacts(TypedDict):
    id: str
    client: str
    assistant: str
    label: str
    cameras: tuple[str, ...] | None  # None: all
    locale: str
    created: float
    last_used: float
    reported: float | None  # when its assistant was last sent a report
    report: str
    report_problem: str


class AskFacts(TypedDict):
    at: float
    camera: str
    name: str  # "" if the camera is no longer listed
    link: str
    surface: str
    took_s: float
    live_s: float
    reason: str
    told: str  # the reason as a sentence; "" if the camera was shown


class CameraFacts(TypedDict):
    id: str
    name: str
    model: str
    as_of: float  # when the vendor was read
    refused: dict[str, list[str]]  # reasons, by assistant
    told: list[str]


class ShownFacts(TypedDict):
    household: HouseholdFacts
    links: list[LinkFacts]
    asks: list[AskFacts]
    cameras: list[CameraFacts]


class Operator:
    """`vendors`: the vendors with a sign-in, by the kind of source. `delete`: Departures'. `clock`: epoch seconds.

    Each method may raise StoreUnavailable.
    """

    def __init__(
        self,
        store: Store,
        owner: Owner,
        vendors: Mapping[SourceKind, Vendor],
        pictures: households.Pictures,
        delete: Callable[[str], list[Link]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._owner, self._vendors, self._pictures = store, owner, vendors, pictures
        self._delete, self._clock = delete, clock

    def find(self, name: str) -> Account | None:
        """The household of a user name at a vendor or at showcam, or with this id."""
        return named_household(self._store, KINDS, name) if addressable(name) else None

    def page(self, after: str = "", most: int = MOST) -> tuple[list[Account], str]:
        """Returns at most `most` households whose ids come after `after`, and the last id if more follow."""
        found = list(islice(self._store.accounts(after), most + 1))
        return found[:most], found[most - 1].id if len(found) > most else ""

    def summary(self, account: Account) -> HouseholdFacts:
        sources = self._store.sources(account.id)
        users: list[UserFacts] = [
            {"user": user.name or UNOPENED, "signed_in": user.is_signed_in}
            for source in sources
            if (vendor := self._vendors.get(source.kind))
            for user in [vendor.sessions.user(source)]
        ]
        return {
            **brief(account),
            "users": users,
            "showcam_user": self._showcam_user(account.id),
            "lan": any(source.kind == "lan" for source in sources),
            "links": len(self._store.links(account.id)),
            "pin": Pins(self._store).is_set(account.id),
        }

    def show(self, account: Account) -> ShownFacts:
        """The household's links, last asks and why they failed, and cameras as last read, with why each is refused."""
        rows = self._cameras(account.id)
        by_id = {camera.id: camera for camera, _ in rows}
        since = self._clock() - ASK_KEPT_S
        asks = self._store.asks(account.id, since, kind=ASKED, most=LAST_ASKS)
        return {
            "household": self.summary(account),
            "links": self._links(account.id),
            "asks": [_ask_facts(ask, by_id.get(ask.camera)) for ask in asks],
            "cameras": [_camera_facts(row) for row in rows],
        }

    def end(self, account: Account, link_id: str) -> bool:
        """Ends a link of the household with its live pictures. False if the household has no such link."""
        link = self._store.link(link_id)
        if link is None or link.account != account.id or link.ended is not None:
            return False
        return households.end(self._store, self._pictures, link)

    def export(self, account: Account, before: str = "", most: int | None = None) -> dict[str, object]:
        """All rows of the household that are no secret, no key and no hash; of secrets their names.

        `most`: no more rows of the history than this, newest first. If there are more, `more` is the id of the oldest
        row: as `before` it brings those that follow. Raises NoSuchRow if `before` is none of them.
        """
        store, now = self._store, self._clock()
        last = store.ask(account.id, before) if before else None
        if before and last is None:
            raise NoSuchRow
        history = store.asks(account.id, now - ASK_KEPT_S, before=last, most=None if most is None else most + 1)
        more = most is not None and len(history) > most
        quiet = quiet_times.of_household(store, account.id)
        rows = {
            "links": self._links(account.id),
            "cameras": [_without_address(camera) for camera, _ in self._cameras(account.id)],
            "preferences": dict(preferences.of_account(store, account.id)),
            "quiet_times": {"quiet": str(quiet), "zone": quiet.zone},
            "history": history[:most],
            "happenings": store.happenings(account.id, now - HAPPENING_KEPT_S),
            "reports": list(store.tellings(account.id).values()),
            "waiting": store.waiting(now, account.id),
            "put_aside": store.laid_down(account.id),
            "notices": {notice.fault: msgspec.Raw(notice.data) for notice in store.notices(account.id)},
            "notice_addresses": self._notice_addresses(account.id),
            "secrets": sorted(store.account_secrets(account.id, "")),
            "more": history[:most][-1].id if more else "",
        }
        exported: dict[str, object] = msgspec.json.decode(msgspec.json.encode(rows))
        return {"household": self.summary(account), **exported}

    def remove(self, account: Account) -> list[Link]:
        """Signs out at the vendors and removes the household with all its data. Answers the links that ended."""
        return self._delete(account.id)

    def _cameras(self, account_id: str) -> list[Row]:
        try:
            return self._owner.last_readiness(account_id)
        except Unavailable:
            return []

    def _links(self, account_id: str) -> list[LinkFacts]:
        tellings = self._store.tellings(account_id)
        return [_link_facts(link, tellings.get(link.id)) for link in self._store.links(account_id)]

    def _notice_addresses(self, account_id: str) -> list[str]:
        try:
            return sorted(self._store.notice_addresses(account_id))
        except SealedUnreadable:
            return [UNOPENED]

    def _showcam_user(self, account_id: str) -> str:
        try:
            return OwnerUsers(self._store).name_of(account_id)
        except SealedUnreadable:
            return UNOPENED


def brief(account: Account) -> BriefFacts:
    return {
        "household": account.id,
        "created": account.created,
        "language": account.locale,
        "origin": account.origin,
    }


def _link_facts(link: Link, telling: Telling | None) -> LinkFacts:
    return {
        "id": link.id,
        "client": link.client,
        "assistant": link.assistant,
        "label": link.label,
        "cameras": link.cameras,
        "locale": link.locale,
        "created": link.created,
        "last_used": link.last_used,
        "reported": telling.told_at if telling else None,
        "report": telling.what if telling else "",
        "report_problem": telling.reason if telling else "",
    }


def _ask_facts(ask: Ask, camera: Camera | None) -> AskFacts:
    name, vendor = (camera.name, camera.manufacturer) if camera else ("", "")
    return {
        "at": ask.at,
        "camera": ask.camera,
        "name": name,
        "link": ask.link,
        "surface": ask.surface,
        "took_s": ask.took_s,
        "live_s": ask.live_s,
        "reason": ask.reason,
        "told": row_text(ask.reason, "en", name, vendor)[0] if is_reason(ask.reason) else ask.reason,
    }


def _camera_facts(row: Row) -> CameraFacts:
    camera, verdicts = row
    refusals = {assistant: verdict for assistant in ASSISTANTS if isinstance(verdict := verdicts[assistant], Refusal)}
    return {
        "id": camera.id,
        "name": camera.name,
        "model": camera.model,
        "as_of": camera.as_of,
        "refused": {assistant: [failed.reason for failed in refusal.failed] for assistant, refusal in refusals.items()},
        "told": explained(refusals.values()),
    }


def _without_address(camera: Camera) -> dict[str, object]:
    """The camera's fields without the driver's own address, which never leaves the registry."""
    facts = asdict(camera)
    del facts["ref"]
    return facts
