"""From a link that is due to the function that reports: the table's stream, the queue, the schedules."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from showcam.accounts import households
from showcam.app import keys
from showcam.app.aws.wakes import LONGEST_S, NotSent, Queue, Wake, of_queue, of_stream
from showcam.app.compose import changes, reports, sweep
from showcam.registry.reporting.sender import EVERY_S, TARDY_S
from showcam.store.dynamodb import DynamoStore
from showcam.store.outbox import Settled
from showcam.store.records import DAY_S, Known
from showcam.store.sealing import Sealer
from tests.doubles import records as a
from tests.doubles.aws import REGION, ROOT, Cloud, in_process

NOW = 1_800_000_000.0
NOBODY = b'{"user":"demo@example.com","session":null,"open":null}'  # a source that nobody is signed in to
NOTHING = {"woken": 0, "looked_at": 0, "read": 0, "unread": 0, "left": 0}  # a sweep's answer


def record(**image: Any) -> dict[str, Any]:
    """Of a link's row as it is now, as the stream has it."""
    row = {"kind": "telling", "account": "home", "link": "kitchen", "assistant": "alexa", "wanted": NOW} | image
    wire = {
        name: {"N": str(value)} if isinstance(value, float) else {"S": value} for name, value in row.items() if value
    }
    return {"eventName": "MODIFY", "dynamodb": {"NewImage": wire}}


@pytest.mark.parametrize(
    ("image", "in_s"),
    [
        ({}, 0),
        ({"wanted": NOW - 60}, 0),
        ({"wanted": NOW + 29.1}, 30),
        ({"free": NOW + 4.0}, 4),
        ({"wanted": NOW + 9000}, LONGEST_S),
        ({"claimed": "by a sender"}, None),
        ({"wanted": None}, None),
        ({"kind": "known"}, None),
    ],
    ids=str,
)
def test_a_row_wakes_when_its_link_is_due(image: dict[str, Any], in_s: int | None) -> None:
    woken = of_stream({"Records": [record(**image)]}, NOW)
    assert woken == ([] if in_s is None else [Wake("home", "kitchen", "alexa", in_s)])


def test_a_removed_row_wakes_nobody() -> None:
    assert of_stream({"Records": [{"eventName": "REMOVE", "dynamodb": {"Keys": {}}}]}, NOW) == []


def test_of_many_records_of_a_link_the_last_counts() -> None:
    records = [record(), record(link="hall"), record(wanted=NOW + 30)]
    assert of_stream({"Records": records}, NOW) == [
        Wake("home", "kitchen", "alexa", 30),
        Wake("home", "hall", "alexa", 0),
    ]


class Taking:
    """A queue's client that takes messages, or all but the first of each request."""

    def __init__(self, *, failing: bool = False) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._failing = failing

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        self.batches.append(request["Entries"])
        return {"Failed": request["Entries"][:1]} if self._failing else {"Successful": request["Entries"]}


def test_messages_are_sent_ten_at_a_time() -> None:
    client = Taking()
    assert Queue(client, "https://queue").send(Wake("home", f"link{number}", "alexa") for number in range(23)) == 23
    assert [len(batch) for batch in client.batches] == [10, 10, 3]
    assert [len({entry["Id"] for entry in batch}) for batch in client.batches] == [10, 10, 3]


def test_a_message_that_is_not_taken_is_an_error() -> None:
    with pytest.raises(NotSent, match="did not take 1 of 2"):
        Queue(Taking(failing=True), "https://queue").send([Wake("home", "a", "alexa"), Wake("home", "b", "alexa")])


def test_what_was_sent_is_what_is_received() -> None:
    client, wake = Taking(), Wake("home", "kitchen", "google", 30)
    Queue(client, "https://queue").send([wake])
    message = {"messageId": "m", "body": client.batches[0][0]["MessageBody"]}
    assert client.batches[0][0]["DelaySeconds"] == 30
    assert list(of_queue({"Records": [message]})) == [("m", Wake("home", "kitchen", "google"))]


class World:
    """A table with a household that has a change to tell, and a queue."""

    def __init__(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        cloud.table()
        self.sqs = boto3.client("sqs", region_name=REGION)
        self.queue = self.sqs.create_queue(QueueName="reports")["QueueUrl"]
        for name, value in {
            "SHOWCAM_STORE": "dynamodb",
            "SHOWCAM_TABLE": "showcam",
            "SHOWCAM_KEYS_SECRET": cloud.secret("keys", {"root": ROOT}),
            "SHOWCAM_REPORTS_QUEUE": self.queue,
            "SHOWCAM_PUBLIC_URL": "https://showcam.example",
            "AWS_LAMBDA_FUNCTION_NAME": "showcam-test",
        }.items():
            monkeypatch.setenv(name, value)
        self.store = DynamoStore(cloud.dynamodb, "showcam", Sealer(keys.derived([ROOT]).seal))
        self.account = a.account()
        self.source = a.source(self.account)
        self.store.add_household(self.account, self.source, NOBODY, "needs_login")
        self.link = a.link(self.account)
        self.store.add_link(self.link)

    def messages(self) -> list[dict[str, str]]:
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [dict(json.loads(message["Body"])) for message in found]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with in_process(monkeypatch) as cloud:
        yield World(cloud, monkeypatch)


def wake_of(world: World) -> dict[str, str]:
    return {"account": world.account.id, "link": world.link.id, "assistant": "alexa"}


def test_the_stream_s_function_sends_what_is_due(world: World) -> None:
    image = record(account=world.account.id, link=world.link.id, wanted=1.0)
    assert changes.build()({"Records": [image]}, None) == {"woken": 1}
    assert world.messages() == [wake_of(world)]


def test_the_sweep_sends_what_is_overdue_and_nothing_else(world: World) -> None:
    handler = sweep.build(lambda: not_the_turn_of(world))
    assert handler({}, None) == NOTHING
    world.store.record_change(world.account.id, world.source.id, Known(b"k", 1.0))
    assert handler({}, None) == NOTHING | {"woken": 1}
    assert world.messages() == [wake_of(world)]
    claim = world.store.claim(world.account.id, world.link.id, 2.0, 3.0, 9)
    assert claim is not None
    world.store.settle(claim, Settled(2.0, claim.rows))
    assert handler({}, None) == NOTHING


def not_the_turn_of(world: World) -> float:
    """A time of the day that is far from the household's."""
    return DAY_S * (0.2 if world.account.id > "n" else 0.8)


def test_a_link_is_looked_at_when_its_household_s_turn_of_the_day_came(world: World) -> None:
    characters = "234567abcdefghijklmnopqrstuvwxyz"
    begin = sum(characters.index(each) / 32**place for place, each in enumerate(world.account.id[:4], 1))
    turn = NOW - NOW % DAY_S + DAY_S * (1 + begin)
    at = [turn - 1.0]
    handler = sweep.build(lambda: at[0])
    assert handler({}, None)["looked_at"] == 0
    at[0] = turn + EVERY_S
    assert handler({}, None)["looked_at"] == 1
    at[0] = turn + EVERY_S + TARDY_S + 1.0
    assert handler({}, None)["looked_at"] == 0
    assert [row.kind for row in world.store.waiting(turn + DAY_S)] == ["look"]


def test_with_every_all_households_are_looked_at_now(world: World) -> None:
    handler = sweep.build(lambda: not_the_turn_of(world))
    answered = handler({"every": True, "reads_per_second": 100}, None)
    assert answered == NOTHING | {"woken": 1, "looked_at": 1, "unread": 1}


def test_a_run_that_leaves_households_unread_is_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    other = a.account()
    world.store.add_account(other)
    handler = sweep.build(lambda: not_the_turn_of(world))
    for rate, left in ((0.001, 1), (1000, 0)):  # the second of two would begin after a quarter of an hour
        assert handler({"every": True, "reads_per_second": rate}, None)["left"] == left
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    runs = [line for line in lines if line["event"] == "request"]
    assert [line.get("SweepsCutShort") for line in runs] == [1, None]


def test_a_household_without_a_link_is_deleted_in_its_turn_and_nobody_finds_it_again(world: World) -> None:
    theirs = a.account(origin="linking", created=1.0)
    source = a.source(theirs)
    world.store.add_household(theirs, source, NOBODY, "needs_login")
    households.note_left(world.store, theirs.id, 1.0)
    answered = sweep.build()({"every": True}, None)
    assert answered["looked_at"] == 1, "the other household, which somebody added"
    assert [account.id for account in world.store.accounts()] == [world.account.id]
    assert world.store.source_by_vendor_key(source.vendor_key) is None
    table = boto3.client("dynamodb", region_name=REGION).scan(TableName="showcam")["Items"]
    assert not [item for item in table if theirs.id in str(item)]


def message(world: World) -> dict[str, Any]:
    return {"Records": [{"messageId": "m", "body": json.dumps(wake_of(world))}]}


def test_a_message_makes_its_link_be_reported_to(world: World) -> None:
    world.store.record_change(world.account.id, world.source.id, Known(b"k", 1.0))
    handler = reports.build()
    for _ in range(2):  # the second finds nothing
        assert handler(message(world), None) == {"batchItemFailures": []}
    assert world.store.waiting(NOW) == []


def test_without_the_table_the_message_is_delivered_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOWCAM_TABLE", "another")
    assert reports.build()(message(world), None) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
