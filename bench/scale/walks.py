"""Walks: the requests of assistants, people, the vendor and the media process, sent to the entries that take them."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Literal

from werkzeug.test import Client

from bench.questions import (
    discover,
    discovered,
    get_stream,
    initialize,
    initialized,
    queried,
    query,
    report_state,
    reported,
    stream_given,
    sync,
    synced,
)
from bench.scale.gateway import CONTEXT, Gateway
from bench.scale.world import PASSWORD, REDIRECT, USER, WEBHOOK_KEY, World
from showcam.accounts.links import mint
from showcam.app import keys as key_files
from showcam.app.compose import directives, fulfillment, ground, web_on_lambda
from showcam.drivers.ezviz import sessions
from showcam.engine.grants import HEADER, START_S, Grants
from showcam.store.dynamodb import DynamoStore
from showcam.store.dynamodb.links import shard
from showcam.store.outbox import Settled
from showcam.store.records import Assistant, Link, new_id
from showcam.store.sealing import Sealer
from tests.doubles.linking_world import Browser

type Entry = Literal["directives", "fulfillment", "web", "changes", "reports", "sweep", "listener"]
type Walk = Callable[["Household"], None]
type Walks = dict[str, tuple[Entry, Callable[[], Walk]]]


class Household:
    """A user's household, with a link of each assistant."""

    def __init__(self, world: World, user: str, cameras: int) -> None:
        self.world, self.user, self.cameras = world, user, cameras
        keys = key_files.read_or_make(world.settings.keys)
        self.base = ground.build(world.settings, keys)
        self.beside = DynamoStore(world.client, world.settings.table, Sealer(keys.seal))  # its requests are not counted
        self.grants = Grants(keys.grant)
        source = sessions.find(self.base.store, user)
        assert source is not None
        self.account = source.account
        assistants: tuple[Assistant, ...] = ("alexa", "google")
        self.links = {name: self._link(name) for name in assistants}
        self.tokens = {name: self._token(link, "access") for name, link in self.links.items()}
        self.refresh = self._token(self.links["alexa"], "refresh")
        self.camera = self.base.adapter.owner.cameras(self.account).cameras[0]

    def leave(self, assistant: Assistant) -> None:
        """Ends the assistant's link; its end is reported to nobody."""
        link = self.links[assistant]
        if self.beside.end_link(link.id, time.time()):
            claim = self.beside.claim(self.account, link.id, time.time(), time.time() + 1, 50)
            assert claim is not None
            self.beside.settle(claim, Settled(time.time(), claim.rows))

    def _link(self, assistant: Assistant) -> Link:
        link = Link(self._link_id(), self.account, assistant, assistant, "Kari’s", None, "en", time.time(), new_id(24))
        self.base.store.add_link(link)
        return link

    def _link_id(self) -> str:
        """One whose part of the index no other link has: together they could take another unit to read."""
        found = next(new for _ in count() if shard(new := new_id()) not in self.world.shards)
        self.world.shards.add(shard(found))
        return found

    def _token(self, link: Link, kind: str) -> str:
        text, row = mint(link.id, kind, "cameras", time.time())
        assert self.base.store.add_tokens([row])
        return text


def _alexa(build: Callable[[Household], dict[str, Any]], check: Callable[[Household, Any], None]) -> Callable[[], Walk]:
    def start() -> Walk:
        answer = directives.build()
        return lambda home: check(home, answer(build(home), CONTEXT))

    return start


def _google(
    build: Callable[[Household], dict[str, Any]], check: Callable[[Household, Any], None]
) -> Callable[[], Walk]:
    def start() -> Walk:
        http = Client(Gateway(fulfillment.build()))

        def walk(home: Household) -> None:
            headers = {"Authorization": f"Bearer {home.tokens['google']}"}
            check(home, http.post("/google/fulfillment", json=build(home), headers=headers).json)

        return walk

    return start


def _web(walk: Callable[[Household, Client], None]) -> Callable[[], Walk]:
    def start() -> Walk:
        through = Gateway(web_on_lambda.build())
        return lambda home: walk(home, Client(through))

    return start


def _refresh(home: Household, http: Client) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": home.refresh, "client_id": "alexa"}
    answer = http.post("/oauth/token", data=form | {"client_secret": home.world.secrets["alexa"]})
    assert answer.status_code == 200, answer.text


def _link(home: Household, http: Client) -> None:
    query = f"response_type=code&client_id=google&redirect_uri={REDIRECT}&scope=cameras&state=s"
    browser = Browser(http, address=f"203.0.113.{1 + (home.user == USER)}")
    code = browser.get(f"/oauth/authorize?{query}").sign_in(home.user, PASSWORD).post("agree").returned["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": "google"}
    answer = http.post("/oauth/token", data=form | {"client_secret": home.world.secrets["google"]})
    assert answer.status_code == 200, answer.text


def _check(home: Household, http: Client) -> None:
    """A gate check while one stream of the household lasts."""
    link = home.links["alexa"]
    given: Any = {"protocol": "hls", "surface": "alexa", "now": time.time(), "life_s": START_S}
    _, claims = home.grants.issue(account=home.account, link=link.id, camera=home.camera.id, **given)
    path, body = "/internal/sources/check", json.dumps({"claims": [claims.as_json()]}).encode()
    headers = {HEADER: home.grants.proof().make(path, body, time.time())}
    answer = http.post(path, data=body, content_type="application/json", headers=headers)
    assert answer.json == {"denied": [None]}, answer.text


def _webhook(home: Household, http: Client) -> None:
    now, ref = str(int(time.time() * 1000)), home.camera.ref
    header = {"deviceId": ref.serial, "messageId": new_id(), "type": "ys.alarm", "channelNo": ref.channel}
    body = json.dumps({"header": header | {"messageTime": now}, "body": {"alarmType": "motiondetect"}}).encode()
    signed = hmac.digest(WEBHOOK_KEY.encode(), body + now.encode(), hashlib.sha1).hex()
    headers = {"signature": signed, "t": now}
    answer = http.post("/webhooks/ezviz", data=body, content_type="text/plain", headers=headers)
    assert answer.status_code == 200, answer.text


# name; the entry; how a new process of the entry, which knows no household, is started for it
REQUESTS: Walks = {
    "Discover": (
        "directives",
        _alexa(lambda home: discover(home.tokens["alexa"]), lambda home, answer: discovered(home.cameras)(answer)),
    ),
    "ReportState": (
        "directives",
        _alexa(lambda home: report_state(home.tokens["alexa"], home.camera.id), lambda _, answer: reported(answer)),
    ),
    "InitializeCameraStreams": (
        "directives",
        _alexa(lambda home: initialize(home.tokens["alexa"], home.camera.id), lambda _, answer: initialized(answer)),
    ),
    "SYNC": ("fulfillment", _google(lambda _: sync(), lambda home, answer: synced(home.cameras)(answer))),
    "QUERY": ("fulfillment", _google(lambda home: query(home.camera.id), lambda _, answer: queried(answer))),
    "GetCameraStream": (
        "fulfillment",
        _google(lambda home: get_stream(home.camera.id), lambda _, answer: stream_given(answer)),
    ),
    "token refresh": ("web", _web(_refresh)),
    "gate check": ("web", _web(_check)),
}
# by a household with one link; linking comes last, since it signs the household in
OF_ONE_LINK: Walks = {"webhook message": ("web", _web(_webhook)), "linking": ("web", _web(_link))}
