"""The description of the DynamoDB table is true: kinds of rows, requests by method, permissions."""

import itertools
import re
import typing
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from showcam.store import dynamodb as of_store
from showcam.store.dynamodb import DynamoStore
from showcam.store.dynamodb.links import OLDER_SHARDS, SHARDS, shard
from showcam.store.dynamodb.outbox import SPARE
from showcam.store.outbox import LOOK, Claim, Laid, Settled
from showcam.store.ports import Replayed, Store
from showcam.store.records import Account, Ask, Happening, Hold, Known, Link, Source, new_id
from showcam.store.sealing import Sealer
from tests.doubles import records as a

NOW = a.NOW
DOORBELL, LATER = (Happening("ezviz-a", "doorbell", at) for at in (NOW, NOW + 9))
TEXT = of_store.__doc__ or ""
NEEDS_NONE = {"sweep", "close"}


def tables() -> list[list[list[str]]]:
    """Those of the description, by rows and cells, without their heads."""
    found = re.findall(r"(?:^\|.*\n)+", TEXT, re.M)
    return [
        [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.split("\n")[2:-1]] for table in found
    ]


def described() -> dict[str, set[str]]:
    """The requests of each method, by the description."""
    _, patterns, by_key = tables()
    described_requests: dict[str, set[str]] = {}
    for methods, requests in [(row[1], row[2]) for row in patterns] + [(row[1], row[0]) for row in by_key]:
        for method in methods.split(", "):
            described_requests.setdefault(method, set()).update(re.findall(r"\b(?:\w+Items?|Query)\b", requests))
    return described_requests


class Recorded:
    """A client that records its operations, by their names in IAM and in the description."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.asked: list[str] = []
        self.judged: set[str] = set()  # by IAM

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            name = "".join(word.title() for word in operation.split("_"))
            self.asked.append(name)
            parts = [kind for part in request.get("TransactItems", []) for kind in part]
            self.judged |= {f"{kind}Item" for kind in parts} if parts else {name}
            return getattr(self._client, operation)(**request)

        return call


ASK = Ask("1", "c", "l", "alexa", NOW, 0.4, "")


class World:
    """A household with a row of every kind."""

    def __init__(self, client: Any) -> None:
        self.client = Recorded(client)
        self.store = DynamoStore(self.client, "showcam", Sealer([("test", b"k" * 32)]))
        self.account: Account = a.account()
        self.source: Source = a.source(self.account)
        self.link: Link = a.link(self.account)
        self.code, self.token = a.code(self.link), a.token(self.link)
        self.claims: list[Claim | None] = []
        self.row = f"{self.link.id}/doorbell/{DOORBELL.camera}/{round(1000 * NOW)}"

    def settle(self, *, laid: bool) -> None:
        claim = self.claims[-1]
        assert claim is not None
        rows = tuple(Laid(row, NOW, "refused", "refused") for row in claim.rows if row.kind == "doorbell" and laid)
        over = tuple(row for row in claim.rows if row.kind == LOOK)
        settled = Settled(NOW, over, rows, told=b"t", what="w", again=NOW + 5, reason="r")
        assert self.store.settle(claim, settled)

    def replay(self) -> None:
        with pytest.raises(Replayed):
            self.store.redeem_code(self.code, NOW, [])

    def acts(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Each method, in an order in which it finds a row."""
        store, account, source, link, other = self.store, self.account, self.source, self.link, a.account()
        yield "add_household", lambda: store.add_household(account, source, b"s", "ok")
        yield "add_account", lambda: store.add_account(other)
        yield "add_source", lambda: store.add_source(a.source(other), b"s", "ok")
        yield "put_client", lambda: store.put_client(a.client())
        yield "add_link", lambda: store.add_link(link)
        yield "add_code", lambda: store.add_code(self.code)
        yield "code", lambda: store.code(self.code.hash, "alexa", NOW)
        yield "redeem_code", lambda: store.redeem_code(self.code, NOW, [self.token])
        yield "redeem_code", self.replay
        yield "add_tokens", lambda: store.add_tokens([a.token(link)])
        yield "put_link_secret", lambda: store.put_link_secret(link.id, "s", b"s")
        yield "put_visit", lambda: store.put_visit("v", b"v", NOW + 60)
        yield "change_visit", lambda: store.change_visit("v", b"w", NOW + 60, NOW)
        yield "put_known", lambda: store.put_known(account.id, source.id, Known(b"k", NOW))
        yield "put_preference", lambda: store.put_preference(account.id, "c", b"p", NOW)
        yield "put_account_secret", lambda: store.put_account_secret(account.id, "s", b"s")
        yield "put_notice_address", lambda: store.put_notice_address(account.id, "n", b"n")
        yield "swap_notice", lambda: store.swap_notice(account.id, "f", version=0, data=b"f")
        yield "swap_notice", lambda: store.swap_notice(account.id, "f", version=1, data=b"g")
        yield "put_asks", lambda: store.put_asks(account.id, [ASK])
        yield "put_live", lambda: store.put_live(account.id, ASK.id, 2.0)
        yield "put_devices", lambda: store.put_devices(account.id, frozenset({"one"}))
        yield "put_devices", lambda: store.put_devices(account.id, frozenset({"two"}))
        yield "record_change", lambda: store.record_change(account.id, source.id, Known(b"l", NOW))
        yield "record_happening", lambda: store.record_happening(account.id, DOORBELL, 3.0, ("doorbell",))
        yield "look", lambda: store.look(account.id, NOW)
        yield "note_listed", lambda: store.note_listed(account.id, link.id, NOW, NOW + 5)
        yield "claim", lambda: self.claims.append(store.claim(account.id, link.id, NOW, NOW + 9, 9))
        yield "free_claims", lambda: store.free_claims(NOW)
        yield "claim", lambda: self.claims.append(store.claim(account.id, link.id, NOW, NOW + 9, 9))
        yield "settle", lambda: self.settle(laid=True)
        yield "laid_down", lambda: read(store.laid_down())
        yield "retry", lambda: store.retry(account.id, self.row, NOW)
        yield "claim", lambda: self.claims.append(store.claim(account.id, link.id, NOW, NOW + 9, 9))
        yield "settle", lambda: self.settle(laid=True)
        yield "drop", lambda: store.drop(account.id, self.row)
        yield "look", lambda: store.look(account.id, NOW, link.id)
        yield "record_happening", lambda: store.record_happening(account.id, LATER, 3.0, ("doorbell",))
        yield "take_once", lambda: store.take_once("k", NOW + 60)
        yield "take_hold", lambda: store.take_hold("g", Hold("n", "o", NOW + 60), NOW)
        yield "holds", lambda: store.holds("g", NOW)
        yield "meta_once", lambda: store.meta_once("m", "v")
        yield "hit", lambda: store.hit("door", 60, NOW)
        yield "take_place", lambda: store.take_place("gate", 3, 60, NOW)
        yield "leave_place", lambda: store.leave_place("gate", int(NOW) + 61)
        yield "choose_cameras", lambda: store.choose_cameras(link.id, None, NOW)
        yield "touch_link", lambda: store.touch_link(link.id, NOW)
        yield (
            "swap_session",
            lambda: store.swap_session(account.id, source.id, version=1, secrets=b"t", state="ok"),
        )
        for _ in ("in time", "too late"):
            yield (
                "swap_session",
                lambda: store.swap_session(account.id, source.id, version=2, secrets=b"u", state="ok", look_at=NOW),
            )
        yield "put_owner_user", lambda: store.put_owner_user(account.id, "k", b"u")
        yield "put_owner_user", lambda: store.put_owner_user(account.id, "k2", b"u")
        yield "swap_owner_user", lambda: store.swap_owner_user(account.id, version=2, data=b"v")
        yield "ping", store.ping
        for method, given in (
            ("account", (account.id,)),
            ("accounts", ()),
            ("source_by_vendor_key", (source.vendor_key,)),
            ("sources", (account.id,)),
            ("read_session", (account.id, source.id)),
            ("client", ("alexa",)),
            ("clients", ()),
            ("link", (link.id,)),
            ("links", (account.id,)),
            ("find_token", (link.id, self.token.hash)),
            ("link_secret", (link.id, "s")),
            ("visit", ("v", NOW)),
            ("known", (account.id, source.id)),
            ("owner_user", (account.id,)),
            ("owner_user_by_key", ("k2",)),
            ("has_owner_users", ()),
            ("preferences", (account.id,)),
            ("account_secret", (account.id, "s")),
            ("account_secrets", (account.id, "s")),
            ("notice_addresses", (account.id,)),
            ("notices", (account.id,)),
            ("happenings", (account.id, NOW - 1)),
            ("asks", (account.id, NOW - 1)),
            ("ask", (account.id, ASK.id)),
            ("accounts_with", ("two",)),
            ("due", ("alexa", NOW + 9, 9)),
            ("waiting", (NOW + 9,)),
            ("backlog", (NOW + 9,)),
            ("tellings", (account.id,)),
            ("meta", ("m",)),
            ("hits", ("door", 60, NOW)),
        ):
            yield method, reading(getattr(store, method), given)
        yield "drop_account_secret", lambda: store.drop_account_secret(account.id, "s")
        yield "swap_notice", lambda: store.swap_notice(account.id, "f", version=2, data=None)
        yield "drop_notice_address", lambda: store.drop_notice_address(account.id, "n")
        yield "take_visit", lambda: read(store.take_visit("v", NOW))
        yield "drop_visit", lambda: store.drop_visit("v")
        yield "drop_client", lambda: store.drop_client("alexa")
        yield "drop_asks", lambda: store.drop_asks(account.id)
        yield "end_link", lambda: store.end_link(link.id, NOW)
        yield "drop_household", lambda: store.drop_household(account.id)


def reading(method: Callable[..., Any], given: tuple[Any, ...]) -> Callable[[], None]:
    return lambda: read(method(*given))


def read(found: Any) -> None:
    """Requires a result, and reads a generator to its end."""
    assert list(found) if isinstance(found, Iterator) else found


@pytest.fixture
def world(dynamodb: Any) -> World:
    return World(dynamodb)


def test_every_method_is_described_and_sends_the_described_requests(world: World) -> None:
    made: dict[str, set[str]] = {}
    for method, act in world.acts():
        world.client.asked.clear()
        act()
        made.setdefault(method, set()).update(world.client.asked)
    assert made == described()
    methods = {
        name for protocol in Store.__mro__ for name in vars(protocol) if typing.is_protocol(protocol) and name[0] != "_"
    }
    assert made.keys() == methods - NEEDS_NONE


def test_the_permissions_are_those_that_it_needs(world: World) -> None:
    for _, act in world.acts():
        act()
    permissions = re.search(r"^IAM: (.*)\.$", TEXT, re.M)
    assert permissions
    assert set(re.sub(r" \(.*?\)", "", permissions[1]).split(", ")) == world.client.judged


def test_every_kind_of_row_is_described(world: World, dynamodb: Any) -> None:
    seen: set[tuple[str, str, str]] = set()
    for _, act in world.acts():
        act()
        for row in dynamodb.scan(TableName="showcam")["Items"]:
            seen.add((*(row[key]["S"].partition("#")[0] for key in ("pk", "sk")), row["kind"]["S"]))
    assert seen == {(pk.partition("#")[0], sk.partition("#")[0], kind) for pk, sk, kind, *_ in tables()[0]}


def test_what_is_beside_the_record_is_described(world: World, dynamodb: Any) -> None:
    attributes = {kind: set(re.findall(r"\w+", re.sub(r"\(.*\)", "", beside))) for _, _, kind, beside, _ in tables()[0]}
    below = re.search(r"^Beside the record of a telling: (.*?)\.$", TEXT, re.M | re.S)
    assert below
    attributes["telling"] = set(re.findall(r"\w+", below[1])) - {"which", "say", "what", "waits"}
    for _, act in world.acts():
        act()
        for row in dynamodb.scan(TableName="showcam")["Items"]:
            beside = row.keys() - {"pk", "sk", "kind", "record", "expires_at", "gsi1pk", "gsi1sk"}
            assert beside <= attributes[row["kind"]["S"]], row["kind"]["S"]


class Answered:
    """A client that counts the rows that its queries answer."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.rows = 0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            answer = getattr(self._client, operation)(**request)
            self.rows += len(answer.get("Items", ())) if operation == "query" else 0
            return answer

        return call


def test_what_is_not_due_is_not_read(dynamodb: Any) -> None:
    client = Answered(dynamodb)
    store = DynamoStore(client, "showcam", Sealer([("test", b"k" * 32)]))
    for at in (NOW, *(NOW + 3600 + late for late in range(20))):
        account = a.account()
        source = a.source(account)
        store.add_household(account, source, b"s", "ok")
        store.add_link(a.link(account))
        store.record_change(account.id, source.id, Known(b"list", at))
    client.rows = 0
    assert len(store.due("alexa", NOW, 50)) == 1
    assert client.rows == 1
    assert len(store.due("alexa", NOW + 7200, 50)) == 21


def due_at(store: DynamoStore, at: float, **fields: Any) -> Link:
    """A link of a household of its own, whose cameras changed then."""
    account = a.account()
    source = a.source(account)
    store.add_household(account, source, b"s", "ok")
    link = a.link(account, **fields)
    store.add_link(link)
    store.record_change(account.id, source.id, Known(b"list", at))
    return link


def in_one_shard(count: int) -> Iterator[str]:
    ids = (new_id() for _ in itertools.count())
    return itertools.islice((each for each in ids if shard(each) == SHARDS[0]), count)


def test_of_many_that_wait_only_so_many_are_read_as_are_wanted(dynamodb: Any) -> None:
    client = Answered(dynamodb)
    store = DynamoStore(client, "showcam", Sealer([("test", b"k" * 32)]))
    links = [due_at(store, NOW + number, id=link) for number, link in enumerate(in_one_shard(30))]
    client.rows = 0
    assert store.due("alexa", NOW + 60, 3) == [(link.account, link.id) for link in links[:3]]
    assert client.rows == SPARE
    assert {link for _, link in store.due("alexa", NOW + 60, 50)} == {link.id for link in links}


def test_a_link_that_pauses_is_not_read_until_its_pause_is_over(dynamodb: Any) -> None:
    client = Answered(dynamodb)
    store = DynamoStore(client, "showcam", Sealer([("test", b"k" * 32)]))
    link = due_at(store, NOW)
    claim = store.claim(link.account, link.id, NOW, NOW + 20, 9)
    assert claim is not None
    assert store.settle(claim, Settled(NOW, wait=NOW + 600, tries=1, reason="by it", why="trouble"))
    client.rows = 0
    assert (store.due("alexa", NOW + 599, 50), client.rows) == ([], 0)
    assert store.due("alexa", NOW + 600, 50) == [(link.account, link.id)]
    store.record_happening(link.account, Happening("ezviz-a", "doorbell", NOW + 30), 3.0, ("doorbell",))
    assert store.due("alexa", NOW + 30, 50) == [(link.account, link.id)], "a ring does not wait for that"


def test_a_row_in_a_shard_of_0_3_is_found_and_leaves_it_with_the_next_write(dynamodb: Any) -> None:
    store = DynamoStore(dynamodb, "showcam", Sealer([("test", b"k" * 32)]))
    link = due_at(store, NOW)
    key = {"pk": {"S": f"account#{link.account}"}, "sk": {"S": f"telling#{link.id}"}}
    older = {":older": {"S": f"telling#alexa#{OLDER_SHARDS[-1]}"}}
    dynamodb.update_item(
        TableName="showcam", Key=key, UpdateExpression="SET gsi1pk = :older", ExpressionAttributeValues=older
    )
    assert store.due("alexa", NOW, 50) == [(link.account, link.id)]
    assert [row.link for row in store.waiting(NOW)] == [link.id]
    claim = store.claim(link.account, link.id, NOW, NOW + 20, 9)
    assert claim is not None
    assert store.settle(claim, Settled(NOW, claim.rows, again=NOW + 60))
    item = dynamodb.get_item(TableName="showcam", Key=key)["Item"]
    assert item["gsi1pk"] == {"S": f"telling#alexa#{shard(link.id)}"}
    assert store.due("alexa", NOW + 60, 50) == [(link.account, link.id)]


def test_links_are_spread_evenly_over_the_shards() -> None:
    found = Counter(shard(new_id()) for _ in range(6400))
    assert set(found) == set(SHARDS)
    assert max(found.values()) < 200, "twice the mean is out of chance's reach"
