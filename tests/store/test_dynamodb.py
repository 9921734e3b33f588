"""What only a table has: requests counted, its errors, its time to live."""

import math
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber
from msgspec.structs import replace

from showcam.store.dynamodb import DynamoStore
from showcam.store.dynamodb.table import item_of
from showcam.store.outbox import LOOK, OUTBOX_KEPT_S, Claim, Laid, Settled
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Account, Ask, Happening, Link
from showcam.store.sealing import Sealer
from tests.doubles import records as a

NOW = a.NOW
LATE = NOW + 3600


@pytest.fixture
def table(dynamodb: Any, sealer: Sealer) -> DynamoStore:
    return DynamoStore(dynamodb, "showcam", sealer)


@pytest.fixture
def linked(table: DynamoStore) -> Link:
    household = a.account()
    table.add_account(household)
    link = a.link(household)
    table.add_link(link)
    return link


def rows(client: Any) -> list[dict[str, Any]]:
    return list(client.scan(TableName="showcam")["Items"])


@pytest.mark.parametrize(
    ("act", "requests"),
    [
        (lambda store, link, token: store.find_token(link.id, token.hash), ["batch_get_item"]),
        (lambda store, link, token: store.add_tokens([a.token(link)]), ["transact_write_items"]),
        (lambda store, link, token: store.code("0" * 64, "alexa", NOW), ["get_item"]),
        (lambda store, link, token: store.redeem_code(a.code(link), NOW, []), ["transact_write_items", "get_item"]),
        (lambda store, link, token: store.touch_link(link.id, NOW), ["update_item"]),
        (lambda store, link, token: store.hit("k", 60, NOW), ["update_item"]),
        (lambda store, link, token: store.take_place("k", 3, 60, NOW), ["get_item", "put_item"]),
        (
            lambda store, link, token: [store.take_place("k", 1, 60, NOW) for _ in range(2)],
            ["get_item", "put_item", "get_item"],  # where none is free nothing is written
        ),
        (lambda store, link, token: store.take_once("k", NOW), ["put_item"]),
        (lambda store, link, token: store.source_by_vendor_key("k"), ["get_item"]),
        (lambda store, link, token: store.links(link.account), ["query", "batch_get_item"]),
        (lambda store, link, token: store.client("x" * 1000), []),
    ],
)
def test_requests_each_takes(table: DynamoStore, linked: Link, dynamodb: Any, act: Any, requests: list[str]) -> None:
    token = a.token(linked)
    table.add_tokens([token])
    dynamodb.calls.clear()
    act(table, linked, token)
    assert dynamodb.calls == requests


def test_a_household_of_several_pages_is_read_and_removed_whole(table: DynamoStore, dynamodb: Any) -> None:
    """A query answers at most 1 MB at a time."""
    household = a.account()
    table.add_account(household)
    given = {f"cam{number}": bytes([number]) * 300_000 for number in range(5)}
    for camera, data in given.items():
        table.put_preference(household.id, camera, data, NOW)
    dynamodb.calls.clear()
    assert table.preferences(household.id) == given
    assert dynamodb.calls == ["query", "query"]
    table.drop_household(household.id)
    assert rows(dynamodb) == []


def history(table: DynamoStore, household: Account, count: int) -> None:
    """Puts as many asks, each in a request of its own: moto copies the table for each transaction."""
    for number in range(count):
        seen = Ask(f"{number:04}", "ezviz-a", "", "", NOW + number, 0.0, "motion")
        row = item_of(f"account#{household.id}", f"ask#{seen.id}", "ask", seen) | {"live_s": 0.0}
        table._table.write(table._table.put(row))


def test_a_removal_deletes_a_hundred_rows_with_a_request(table: DynamoStore, dynamodb: Any) -> None:
    household = a.account()
    table.add_account(household)
    history(table, household, 250)
    dynamodb.calls.clear()
    assert table.drop_household(household.id)
    # each of eight kinds of rows is searched twice, and before them the history and the sources
    assert Counter(dynamodb.calls) == {"get_item": 3, "query": 19, "transact_write_items": 3, "delete_item": 1}
    assert rows(dynamodb) == []


def test_a_history_is_deleted_a_hundred_rows_with_a_request(table: DynamoStore, dynamodb: Any) -> None:
    household = a.account()
    table.add_account(household)
    history(table, household, 101)
    dynamodb.calls.clear()
    table.drop_asks(household.id, "ezviz-b")
    assert dynamodb.calls == ["query"]
    table.drop_asks(household.id)
    assert dynamodb.calls == ["query", "query", "transact_write_items", "transact_write_items"]


def test_no_request_of_a_removal_is_larger_than_a_transaction_may_be(table: DynamoStore, dynamodb: Any) -> None:
    """The rows of a transaction may have 4 MB together, and one row may have 400 KB."""

    class Weighed:
        def __init__(self) -> None:
            self.rows: list[int] = []

        def transact_write_items(self, **request: Any) -> Any:
            self.rows.append(len(request["TransactItems"]))
            return dynamodb.transact_write_items(**request)

        def __getattr__(self, operation: str) -> Any:
            return getattr(dynamodb, operation)

    household = a.account()
    table.add_account(household)
    for number in range(15):
        table.put_preference(household.id, f"cam{number}", bytes(390_000), NOW)
    weighed = Weighed()
    assert DynamoStore(weighed, "showcam", table._sealer).drop_household(household.id)
    assert rows(dynamodb) == []
    assert sum(weighed.rows) == 15
    assert max(weighed.rows) * 400_000 < 4_000_000


def test_a_visit_sealed_under_a_lost_key_counts_as_none(table: DynamoStore, dynamodb: Any) -> None:
    table.put_visit("v", b"visit", NOW + 60)
    assert table.visit("v", NOW) == b"visit"
    assert DynamoStore(dynamodb, "showcam", Sealer([("other", secrets.token_bytes(32))])).visit("v", NOW) is None


def test_every_row_has_a_kind_and_what_passes_an_end(table: DynamoStore, linked: Link, dynamodb: Any) -> None:
    household = a.account()
    table.add_household(household, a.source(household), b"", "ok")
    table.put_client(a.client())
    table.add_code(a.code(linked))
    table.add_tokens([a.token(linked), a.token(linked, kind="refresh", expires=None)])
    table.put_visit("v", b"", NOW + 0.2)
    table.hit("k", 60, NOW)
    table.take_place("k", 3, 60, NOW)
    table.take_once("k", NOW + 0.2)
    table.meta_once("k", "v")
    ends = {(row["kind"]["S"], row.get("expires_at", {}).get("N")) for row in rows(dynamodb)}
    assert ends == {
        ("account", None),
        ("source", None),
        ("vendor", None),
        ("client", None),
        ("link", None),
        ("linked", None),
        ("taken", "1800000001"),
        ("code", "1800000661"),
        ("token", "1800129601"),
        ("token", None),
        ("visit", "1800000001"),
        ("throttle", "1800000060"),
        ("places", "1800000061"),
        ("meta", None),
    }


def test_the_end_of_a_link_leaves_its_row_for_a_month(table: DynamoStore, linked: Link, dynamodb: Any) -> None:
    table.add_tokens([a.token(linked), a.token(linked, kind="refresh", expires=None)])
    table.end_link(linked.id, NOW)
    left = {row["kind"]["S"]: row.get("expires_at", {}).get("N") for row in rows(dynamodb)}
    assert left == {"account": None, "link": "1802592001", "telling": None, "outbox": "1800604801"}


def test_no_end_of_a_row_that_goes_back_is_in_the_past(table: DynamoStore, linked: Link, dynamodb: Any) -> None:
    """DynamoDB removes a row at its end: an ended link's assistant would never be told."""
    table.end_link(linked.id, NOW)
    claim = table.claim(linked.account, linked.id, NOW, NOW + 20, 9)
    assert claim is not None
    table.settle(claim, Settled(NOW, laid=(Laid(claim.rows[0], NOW, "refused", "refused"),)))
    late = NOW + 3 * OUTBOX_KEPT_S
    assert table.retry(linked.account, claim.rows[0].id, late)
    left = {row["kind"]["S"]: row.get("expires_at", {}).get("N") for row in rows(dynamodb)}
    assert left | {"link": ""} == {
        "account": None,
        "link": "",
        "telling": None,
        "outbox": str(math.ceil(late + OUTBOX_KEPT_S)),
    }


def test_no_secret_is_in_the_table(table: DynamoStore, dynamodb: Any) -> None:
    household = a.account()
    source = a.source(household)
    table.add_household(household, source, b"planted-session", "ok")
    table.put_visit("v", b"planted-visit", NOW)
    table.hit("planted-user", 60, NOW)
    table.take_place("planted-user", 3, 60, NOW)
    text = repr(rows(dynamodb))
    assert household.id in text
    assert "planted" not in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ProvisionedThroughputExceededException", "refused: ProvisionedThroughputExceededException"),
        ("ResourceNotFoundException", "refused: ResourceNotFoundException"),
        ("AccessDeniedException", "refused: AccessDeniedException"),
        ("InternalServerError", "refused: InternalServerError"),
    ],
)
def test_refusals_of_the_service(dynamodb: Any, sealer: Sealer, code: str, words: str) -> None:
    client = dynamodb._client
    with Stubber(client) as stub:
        stub.add_client_error("get_item", code, "a message that may say more than we repeat")
        with pytest.raises(StoreUnavailable, match=words) as refused:
            DynamoStore(client, "showcam", sealer).account("x")
    assert "may say more" not in str(refused.value)


def test_an_unreachable_service_is_unavailable(dynamodb: Any, sealer: Sealer) -> None:
    class Nowhere:
        def get_item(self, **_request: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    with pytest.raises(StoreUnavailable, match="can't be reached"):
        DynamoStore(Nowhere(), "showcam", sealer).account("x")


def test_a_health_check_writes_nothing_and_reads_no_shared_key(table: DynamoStore, dynamodb: Any) -> None:
    asked: list[str] = []

    class Heard:
        def get_item(self, **request: Any) -> Any:
            asked.append(request["Key"]["pk"]["S"])
            return dynamodb.get_item(**request)

    for _ in range(3):
        DynamoStore(Heard(), "showcam", table._sealer).ping()
    assert len({*asked}) == 3
    assert rows(dynamodb) == []


def test_a_missing_table_fails_the_ping(dynamodb: Any, sealer: Sealer) -> None:
    with pytest.raises(StoreUnavailable, match="ResourceNotFoundException"):
        DynamoStore(dynamodb, "other", sealer).ping()


def conflict(code: str, *reasons: str) -> ClientError:
    answer = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
    return ClientError(answer, "x")


class Contended:
    """A client whose transactions meet others' a number of times, as the service's do and moto's never."""

    def __init__(self, client: Any, times: int, reason: str = "TransactionConflict") -> None:
        self._client, self.left, self._reason = client, times, reason

    def transact_write_items(self, **request: Any) -> Any:
        self.left -= 1
        if self.left >= 0:
            raise conflict("TransactionCanceledException", self._reason, "None")
        return self._client.transact_write_items(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.mark.parametrize(("times", "written"), [(0, True), (3, True), (100, False)])
def test_transactions_that_meet_are_tried_again(
    dynamodb: Any, sealer: Sealer, linked: Link, times: int, written: bool
) -> None:
    store = DynamoStore(Contended(dynamodb, times), "showcam", sealer)
    token = a.token(linked)
    if written:
        assert store.add_tokens([token])
    else:
        with pytest.raises(StoreUnavailable, match="other writers of the same rows"):
            store.add_tokens([token])
    assert (store.find_token(linked.id, token.hash) is not None) is written


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_a_removal_that_the_table_holds_up_goes_on(
    dynamodb: Any, sealer: Sealer, table: DynamoStore, linked: Link, reason: str
) -> None:
    """A key takes 1,000 writes a second, and a long history has more rows."""
    table.put_devices(linked.account, frozenset({"one", "two"}))
    assert DynamoStore(Contended(dynamodb, 3, reason), "showcam", sealer).drop_household(linked.account)
    assert rows(dynamodb) == []


def test_a_removal_that_is_cut_off_in_the_history_leaves_an_owner_who_can_repeat_it(
    dynamodb: Any, sealer: Sealer, table: DynamoStore
) -> None:
    household = a.account()
    source = a.source(household)
    table.add_household(household, source, b"s", "ok")
    table.put_owner_user(household.id, "kari", b"u")
    table.put_account_secret(household.id, "browser-1", b"b")
    history(table, household, 3)
    with pytest.raises(StoreUnavailable, match="refused: ThrottlingError"):
        DynamoStore(Contended(dynamodb, 100, "ThrottlingError"), "showcam", sealer).drop_household(household.id)
    assert table.source_by_vendor_key(source.vendor_key) == source
    assert table.owner_user_by_key("kari") is not None
    assert table.account_secret(household.id, "browser-1") == b"b"
    assert table.drop_household(household.id)
    assert rows(dynamodb) == []


class Meanwhile:
    """A client that lets something happen right after the first answer to `operation`."""

    def __init__(self, client: Any, operation: str, happens: Callable[[], object]) -> None:
        self._client, self._operation, self._happens = client, operation, happens

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            answer = getattr(self._client, operation)(**request)
            if operation == self._operation:
                self._operation = ""
                self._happens()
            return answer

        return call


def test_somebody_agrees_on_a_value_first(dynamodb: Any, sealer: Sealer, table: DynamoStore) -> None:
    meanwhile = Meanwhile(dynamodb, "get_item", lambda: table.meta_once("salt", "theirs"))
    assert DynamoStore(meanwhile, "showcam", sealer).meta_once("salt", "mine") == "theirs"


def test_what_is_written_during_a_removal_goes_too(dynamodb: Any, sealer: Sealer, table: DynamoStore) -> None:
    household = a.account()
    table.add_account(household)
    history(table, household, 3)
    late = Ask("0", "ezviz-a", "", "", NOW, 0.0, "motion")
    meanwhile = Meanwhile(dynamodb, "transact_write_items", lambda: table.put_asks(household.id, [late]))
    assert DynamoStore(meanwhile, "showcam", sealer).drop_household(household.id)
    assert rows(dynamodb) == []


def test_a_name_that_is_added_during_a_removal_goes_too(
    dynamodb: Any, sealer: Sealer, table: DynamoStore, linked: Link
) -> None:
    """With the account gone nobody could remove its row, and the user could have no other household."""
    account = table.account(linked.account)
    assert account is not None
    added = list[bool]()

    def add() -> None:
        added.append(table.add_source(a.source(account), b"s", "ok"))
        added.append(table.put_owner_user(account.id, "kari", b"u"))

    meanwhile = Meanwhile(dynamodb, "delete_item", add)
    assert DynamoStore(meanwhile, "showcam", sealer).drop_household(account.id)
    assert (added, table.sources(account.id), table.owner_user_by_key("kari")) == ([True, True], [], None)


def test_somebody_ends_the_link_first(dynamodb: Any, sealer: Sealer, table: DynamoStore, linked: Link) -> None:
    meanwhile = Meanwhile(dynamodb, "get_item", lambda: table.end_link(linked.id, NOW))
    assert not DynamoStore(meanwhile, "showcam", sealer).end_link(linked.id, NOW + 1)
    assert table.link(linked.id) == msgspec.structs.replace(linked, ended=NOW)


def test_the_link_ends_while_its_code_is_redeemed(
    dynamodb: Any, sealer: Sealer, table: DynamoStore, linked: Link
) -> None:
    code = a.code(linked)
    table.add_code(code)
    meanwhile = DynamoStore(Meanwhile(dynamodb, "get_item", lambda: table.end_link(linked.id, NOW)), "showcam", sealer)
    assert meanwhile.code(code.hash, "alexa", NOW) is None
    assert not meanwhile.redeem_code(code, NOW, [a.token(linked)])


def test_tokens_are_dead_though_they_could_not_be_removed(
    dynamodb: Any, sealer: Sealer, table: DynamoStore, linked: Link
) -> None:
    class KeepsAll:
        def __getattr__(self, operation: str) -> Any:
            if operation == "delete_item":
                raise EndpointConnectionError(endpoint_url="https://dynamodb.example")
            return getattr(dynamodb, operation)

    token = a.token(linked, kind="refresh", expires=None)
    table.add_tokens([token])
    assert DynamoStore(KeepsAll(), "showcam", sealer).end_link(linked.id, NOW)
    assert "token" in {row["kind"]["S"] for row in rows(dynamodb)}
    assert table.find_token(linked.id, token.hash) is None


def test_the_rest_of_a_partly_answered_batch_is_read(dynamodb: Any, sealer: Sealer, linked: Link) -> None:
    class InParts:
        def batch_get_item(self, **request: Any) -> Any:
            keys = request["RequestItems"]["showcam"]["Keys"]
            first = {"showcam": {"Keys": keys[:1], "ConsistentRead": True}}
            answer = dynamodb.batch_get_item(RequestItems=first)
            rest = {"showcam": {"Keys": keys[1:]}} if keys[1:] else {}
            return answer | {"UnprocessedKeys": rest}

    token = a.token(linked)
    DynamoStore(dynamodb, "showcam", sealer).add_tokens([token])
    assert DynamoStore(InParts(), "showcam", sealer).find_token(linked.id, token.hash) == (linked, token)


def test_an_account_with_more_links_than_one_batch(table: DynamoStore, linked: Link) -> None:
    links = [linked] + [a.link(a.account(id=linked.account), created=NOW + number) for number in range(1, 101)]
    for link in links[1:]:
        table.add_link(link)
    assert table.links(linked.account) == links


class CutOff:
    """A client that is cut off after a number of transactions, like that of a process that is killed."""

    def __init__(self, client: Any, transactions: int) -> None:
        self._client, self.left = client, transactions

    def transact_write_items(self, **request: Any) -> Any:
        if not self.left:
            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")
        self.left -= 1
        return self._client.transact_write_items(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def claimed(table: DynamoStore, link: Link, rows: int, cameras: int = 0) -> tuple[Claim, Settled]:
    """A claim of as many rows of the link as there may be, and the result that they and `cameras` are parked."""
    for start in range(0, rows, 40):
        kinds = tuple(f"kind {start + number}" for number in range(min(40, rows - start)))
        assert table.record_happening(link.account, Happening("ezviz-a", "motion", NOW + start), 3.0, kinds)
    claim = table.claim(link.account, link.id, LATE, LATE + 20, rows)
    assert claim is not None
    look = replace(claim.rows[0], kind=LOOK)
    refused = [replace(look, id=f"{link.id}/look/{camera}", subject=f"{camera}") for camera in range(cameras)]
    laid = tuple(Laid(row, LATE, "refused", "refused") for row in (*claim.rows, *refused))
    return claim, Settled(LATE, laid=laid, told=b"1")


@pytest.mark.parametrize(("transactions", "count"), [(0, 0), (1, 40), (2, 60)])
def test_a_sender_that_is_cut_off_between_two_transactions_loses_and_doubles_nothing(
    dynamodb: Any, sealer: Sealer, table: DynamoStore, linked: Link, transactions: int, count: int
) -> None:
    claim, settled = claimed(table, linked, rows=50, cameras=50)
    with pytest.raises(StoreUnavailable):
        DynamoStore(CutOff(dynamodb, transactions), "showcam", sealer).settle(claim, settled)
    parked = {laid.row.id for laid in table.laid_down()}
    waiting = {row.id for row in table.waiting(LATE, linked.account)}
    assert len(parked) == count
    assert parked.isdisjoint(waiting)
    assert parked | waiting >= {row.id for row in claim.rows}
    again = table.claim(linked.account, linked.id, LATE + 20, LATE + 40, 50)
    assert again is not None
    assert (again.told, {row.id for row in again.rows}) == (None, waiting)
    left = tuple(laid for laid in settled.laid if laid.row.id in waiting or laid.row.kind == LOOK)
    assert table.settle(again, replace(settled, laid=left))
    assert {laid.row.id for laid in table.laid_down()} == {laid.row.id for laid in settled.laid}
    assert table.waiting(LATE + 99, linked.account) == []


def test_a_sender_that_lost_its_claim_parks_nothing(table: DynamoStore, linked: Link) -> None:
    claim, settled = claimed(table, linked, rows=50)
    assert table.claim(linked.account, linked.id, LATE + 20, LATE + 40, 50) is not None
    assert not table.settle(claim, settled)
    assert table.laid_down() == []
    assert len(table.waiting(LATE, linked.account)) == 50


def test_a_row_that_goes_back_between_two_transactions_is_due(
    dynamodb: Any, sealer: Sealer, table: DynamoStore, linked: Link
) -> None:
    claim, settled = claimed(table, linked, rows=50)
    row = claim.rows[0].id
    meanwhile = Meanwhile(dynamodb, "transact_write_items", lambda: table.retry(linked.account, row, LATE + 1))
    assert DynamoStore(meanwhile, "showcam", sealer).settle(claim, settled)
    assert len(table.laid_down()) == len(settled.laid) - 1
    assert [waiting.id for waiting in table.waiting(LATE + 1, linked.account)] == [row]
    assert table.due("alexa", LATE + 1, 9) == [(linked.account, linked.id)]


@pytest.mark.parametrize("cameras", [0, 1])
def test_a_claim_is_no_larger_than_a_transaction(table: DynamoStore, linked: Link, cameras: int) -> None:
    claim, settled = claimed(table, linked, rows=120, cameras=cameras)
    assert len(claim.rows) == 80
    assert table.settle(claim, replace(settled, over=claim.rows, laid=settled.laid[80:]))
    assert len(table.waiting(LATE, linked.account)) == 40
    assert len(table.laid_down()) == cameras
