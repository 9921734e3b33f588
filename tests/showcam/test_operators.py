"""The function for operators, through its handler on an AWS in this process, and the commands on the same table."""

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.accounts.owner_users import Cost, OwnerUsers, Passwords
from showcam.accounts.pins import Pins
from showcam.app import keys
from showcam.app.cli import main
from showcam.app.compose import operators
from showcam.drivers.camera import Ref
from showcam.registry.readings.households import encoded
from showcam.store.dynamodb import DynamoStore
from showcam.store.records import Ask, Known, Link
from showcam.store.sealing import Sealer
from tests.doubles.aws import REGION, ROOT, Cloud, in_process
from tests.doubles.aws_stack import add_home
from tests.doubles.events import CALLER, operator_event
from tests.doubles.ready_driver import camera

pytestmark = [
    pytest.mark.cloud,  # each makes an AWS of its own, in this process
    pytest.mark.proves("An operator's calls on AWS are refused without IAM's word, and each leaves a line"),
]

EVENT = operator_event()
USER, PASSWORD = "you@example.com", "barn door and two geese"
NOBODYS = "a" * 16


class World:
    """A table with two households, and the function on it."""

    def __init__(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
        cloud.table()
        self.cloud = cloud
        self.environ = {
            "SHOWCAM_STORE": "dynamodb",
            "SHOWCAM_TABLE": "showcam",
            "SHOWCAM_TABLE_REGION": REGION,
            "SHOWCAM_KEYS_SECRET": cloud.secret("keys", {"root": ROOT}),
            "SHOWCAM_PUBLIC_URL": "https://showcam.example",
            "SHOWCAM_PICTURES": "vendor",
        }
        with monkeypatch.context() as patched:
            for name, value in (self.environ | settings | {"AWS_LAMBDA_FUNCTION_NAME": "showcam-test"}).items():
                patched.setenv(name, value)
            self.handler = operators.build()
        self.store = DynamoStore(cloud.dynamodb, "showcam", Sealer(keys.derived([ROOT]).seal))
        self.home, self.other = add_home(self.store, USER), add_home(self.store, "other@example.com")
        self.account, self.link, self.others = self.home.account, self.home.link("alexa"), self.other.link("google")

    def call(self, **body: object) -> tuple[int, Any]:
        return self.sent(operator_event(body))

    def sent(self, event: dict[str, Any]) -> tuple[int, Any]:
        answer: Any = self.handler(event, None)
        kind = "application/json" if answer["statusCode"] == 200 else "application/problem+json"
        assert answer["headers"]["content-type"] == kind
        return answer["statusCode"], json.loads(answer["body"])

    def fill(self) -> str:
        """Garage, which is refused, an ask for it, and secrets of each kind. Answers the id of Garage."""
        known = [
            camera(name, serial, ref=Ref(self.home.source.id, serial, 1), encryption=encryption)
            for name, serial, encryption in (("Garden", "F00000001", "off"), ("Garage", "F00000002", "on"))
        ]
        self.store.put_known(self.account.id, self.home.source.id, Known(encoded(known), time.time() + 1))
        _, facts = self.call(call="show", household=USER)
        garage = next(each["id"] for each in facts["cameras"] if each["name"] == "Garage")
        ask = Ask("0123456789abcdef012", garage, self.link.id, "alexa", time.time(), 0.5, "encryption_on")
        self.store.put_asks(self.account.id, [ask])
        Pins(self.store).set(self.account.id, "4711")
        OwnerUsers(self.store, Passwords(Cost(8, 1))).set(self.account.id, "kari", PASSWORD)
        self.store.put_link_secret(self.link.id, "amazon", b"planted-tokens-of-amazon")
        self.store.put_notice_address(self.account.id, "phone", b"https://planted.example/push")
        return str(garage)

    def rows(self) -> list[dict[str, Any]]:
        found = self.cloud.dynamodb.scan(TableName="showcam")["Items"]
        return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))

    def of_the_household(self) -> set[str]:
        """The kinds of rows that name the household or its link."""
        names = (self.account.id, self.link.id)
        return {row["kind"]["S"] for row in self.rows() if any(name in json.dumps(row, default=str) for name in names)}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with in_process(monkeypatch) as made:
        yield made


@pytest.fixture
def world(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(cloud, monkeypatch)


def audits(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines about calls since this was last called, without the request's id."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [
        {name: value for name, value in line.items() if name not in ("level", "event", "request")}
        for line in lines
        if line["event"] == "audit"
    ]


def test_households_come_page_by_page(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    third = add_home(world.store, "third@example.com")
    ids = sorted(home.account.id for home in (world.home, world.other, third))
    status, first = world.call(call="list", most=2)
    assert (status, [each["household"] for each in first["households"]], first["more"]) == (200, ids[:2], ids[1])
    _, last = world.call(call="list", most=2, after=ids[1])
    assert ([each["household"] for each in last["households"]], last["more"]) == (ids[2:], "")
    assert world.call(call="list", after=ids[2]) == (200, {"households": [], "more": ""})
    assert set(first["households"][0]) == {"household", "created", "language", "origin"}, "no page names people"
    line = {"caller": CALLER, "call": "list", "household": "", "outcome": "done"}
    assert audits(capsys) == [line, line, line]


@pytest.mark.parametrize("named", ["by its user", "by its id"])
def test_a_household_is_shown_with_its_reasons(world: World, named: str) -> None:
    garage = world.fill()
    status, facts = world.call(call="show", household=USER if named == "by its user" else world.account.id)
    assert status == 200
    assert facts["household"]["users"] == [{"user": USER, "signed_in": False}]
    assert (facts["household"]["showcam_user"], facts["household"]["pin"]) == ("kari", True)
    assert [link["id"] for link in facts["links"]] == [world.link.id]
    cameras = {each["name"]: each for each in facts["cameras"]}
    assert "encryption_on" in cameras["Garage"]["refused"]["alexa"]
    assert "encryption_on" not in cameras["Garden"]["refused"].get("alexa", [])
    (ask,) = facts["asks"]
    assert (ask["camera"], ask["name"], ask["link"], ask["reason"]) == (
        garage,
        "Garage",
        world.link.id,
        "encryption_on",
    )
    assert "Image Encryption" in ask["told"]


def test_a_link_ends_and_its_assistant_will_be_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.call(call="end", household=USER, link=world.link.id) == (
        200,
        {"household": world.account.id, "ended": [world.link.id]},
    )
    assert world.store.links(world.account.id) == []
    assert [row.kind for row in world.store.waiting(time.time(), world.account.id)] == ["ended"]
    assert world.call(call="end", household=USER, link=world.link.id)[0] == 404
    line = {"caller": CALLER, "call": "end", "household": world.account.id}
    assert audits(capsys) == [line | {"outcome": "done"}, line | {"outcome": "refused"}]


def test_an_export_holds_no_secret(world: World) -> None:
    garage = world.fill()
    status, exported = world.call(call="export", household=USER)
    assert status == 200
    assert {each["name"] for each in exported["cameras"]} == {"Garden", "Garage"}
    assert [row["camera"] for row in exported["history"]] == [garage]
    assert (exported["secrets"], exported["notice_addresses"]) == (["pin"], ["phone"])
    text = json.dumps(exported)
    user = world.store.owner_user(world.account.id)
    assert user is not None
    secret = ["planted", "4711", PASSWORD, "argon2", "F0000000", user.key, world.link.agent_user]
    secret += [world.home.source.vendor_key, world.account.salt.hex(), "sealed"]
    assert [each for each in secret if each in text] == []


def test_a_removed_household_leaves_only_what_its_assistants_will_be_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.fill()
    sessions = ConsoleSessions(world.store)
    sessions.begin(account=world.account.id, user=USER, browser="Firefox")
    sessions.begin(user=USER, left=world.account.id)
    capsys.readouterr()
    assert world.call(call="remove", household=world.account.id, sure="yes") == (
        200,
        {"household": world.account.id, "ended": [world.link.id]},
    )
    assert world.of_the_household() == {"link", "telling", "outbox"}, "the link says that it has ended, for a month"
    assert [row for row in world.rows() if row["kind"]["S"] == "visit"] == [], "a session names its person"
    assert world.store.source_by_vendor_key(world.home.source.vendor_key) is None
    assert world.call(call="show", household=USER)[0] == 404
    assert world.store.links(world.other.account.id) == [world.others]
    line = {"caller": CALLER, "call": "remove", "household": world.account.id, "outcome": "done"}
    assert audits(capsys) == [line, {"caller": CALLER, "call": "show", "household": "", "outcome": "refused"}]


def without(*path: str) -> dict[str, Any]:
    event = copy.deepcopy(EVENT)
    part = event
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return dict(event)


def with_caller(arn: object) -> dict[str, Any]:
    event = copy.deepcopy(EVENT)
    event["requestContext"]["authorizer"]["iam"]["userArn"] = arn
    return dict(event)


UNKNOWN_CALLERS = {
    "no context": without("requestContext"),
    "no authorizer": without("requestContext", "authorizer"),
    "no IAM": without("requestContext", "authorizer", "iam"),
    "no ARN": without("requestContext", "authorizer", "iam", "userArn"),
    "another authorizer": EVENT | {"requestContext": {"authorizer": {"jwt": {"claims": {"sub": CALLER}}}}},
    "null": with_caller(None),
    "empty": with_caller(""),
    "a number": with_caller(7),
    "no ARN but text": with_caller("root"),
    "in a header": without("requestContext") | {"headers": {"x-user-arn": CALLER}},
    "nothing": {},
}


@pytest.mark.parametrize("event", UNKNOWN_CALLERS.values(), ids=UNKNOWN_CALLERS)
def test_a_call_of_nobody_is_refused_and_noted(
    world: World, event: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    before = world.rows()
    body = {"call": "remove", "household": world.account.id, "sure": "yes"}
    status, answer = world.sent(event | {"body": json.dumps(body)})
    assert (status, answer["status"]) == (403, 403)
    assert world.rows() == before
    assert audits(capsys) == [{"caller": "", "call": "", "household": "", "outcome": "refused"}]


LISTED = {"call": "list"}
WRONG: dict[str, tuple[object, int]] = {
    **{f"page size {most!r}": (LISTED | {"most": most}, 400) for most in (0, -1, 101, 10**9, 1.5, "100", True, None)},
    **{
        f"cursor {str(after)[:20]!r}": (LISTED | {"after": after}, 400)
        for after in ("%", "' OR 1=1", "A" * 16, NOBODYS + "a", NOBODYS + "\n", "a" * 3000, None, 7, {"S": "x"})
    },
    "no call": ({}, 400),
    "unknown call": ({"call": "drop"}, 400),
    "unknown field": (LISTED | {"all": True}, 400),
    "no object": ([LISTED], 400),
    "no household": ({"call": "show"}, 400),
    "empty household": ({"call": "show", "household": ""}, 400),
    "long household": ({"call": "show", "household": "a" * 513}, 400),
    "unknown household": ({"call": "show", "household": "nobody@example.com"}, 404),
    "key of another kind": ({"call": "show", "household": "accounts"}, 404),
    "link of nonsense": ({"call": "end", "household": USER, "link": "../x"}, 400),
    "unknown link": ({"call": "end", "household": USER, "link": NOBODYS}, 404),
    "unknown row": ({"call": "export", "household": USER, "before": "abc"}, 404),
    "row of nonsense": ({"call": "export", "household": USER, "before": "link#x"}, 400),
    "removal by name": ({"call": "remove", "household": USER, "sure": "yes"}, 400),
    "unsure removal": ({"call": "remove", "household": NOBODYS}, 400),
    "removal of nobody": ({"call": "remove", "household": NOBODYS, "sure": "yes"}, 404),
}
WRONG_TEXTS = {"no text": (None, 400), "no JSON": ("{", 400), "deep": ("[" * 2000, 400), "long": (" " * 5000, 413)}


@pytest.mark.parametrize(
    ("body", "status"),
    [*((json.dumps(body), status) for body, status in WRONG.values()), *WRONG_TEXTS.values()],
    ids=[*WRONG, *WRONG_TEXTS],
)
def test_a_wrong_call_is_refused_and_changes_nothing(
    world: World, body: str | None, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = world.rows()
    answered, answer = world.sent(EVENT | {"body": body})
    assert (answered, answer["status"]) == (status, status)
    assert answer["title"]
    assert answer["detail"]
    assert world.rows() == before
    (line,) = audits(capsys)
    assert (line["caller"], line["outcome"]) == (CALLER, "refused")


def test_another_households_link_does_not_end(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    status, answer = world.call(call="end", household=USER, link=world.others.id)
    assert (status, answer["title"]) == (404, "The household has no such link")
    assert world.store.links(world.other.account.id) == [world.others]
    assert audits(capsys) == [{"caller": CALLER, "call": "end", "household": world.account.id, "outcome": "refused"}]


def test_a_page_is_asked_for_by_post_alone(world: World) -> None:
    event = copy.deepcopy(EVENT)
    event["requestContext"]["http"]["method"] = "GET"
    assert world.sent(event)[0] == 405


def test_a_table_that_is_gone_is_answered_and_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.cloud.dynamodb.delete_table(TableName="showcam")
    assert world.call(call="list")[0] == 503
    printed = capsys.readouterr().out
    (line,) = [json.loads(line) for line in printed.splitlines() if '"audit"' in line]
    assert line["outcome"] == "failed"
    assert '"StoreUnavailable": 1' in printed


@pytest.mark.parametrize("level", ["debug", "error"])
def test_the_line_comes_at_every_level_of_the_log(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(cloud, monkeypatch, SHOWCAM_LOG_LEVEL=level)
    world.call(call="show", household=USER)
    printed = capsys.readouterr().out
    (line,) = [json.loads(line) for line in printed.splitlines() if '"audit"' in line]
    assert (line["caller"], line["household"]) == (CALLER, world.account.id)
    assert USER not in printed
    assert "Garden" not in printed


class Commands:
    """`showcam household` on the table, from an operator's machine."""

    def __init__(self, world: World, folder: Path) -> None:
        (folder / "showcam.toml").touch()
        places = {"SHOWCAM_DATA": str(folder / "data"), "SHOWCAM_CONFIG": str(folder / "showcam.toml")}
        self.environ = world.environ | places

    def run(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, ["household", *words], input=typed, env=self.environ, catch_exceptions=False)

    def facts(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


def test_the_commands_do_the_same_on_the_table(world: World, tmp_path: Path) -> None:
    world.fill()
    commands = Commands(world, tmp_path)
    listed = commands.facts("list")
    assert {each["household"] for each in listed["households"]} == {world.account.id, world.other.account.id}
    assert commands.facts(USER) == world.call(call="show", household=USER)[1]
    assert commands.facts("export", USER) == world.call(call="export", household=USER)[1]
    refused = commands.run("end", USER, world.others.id)
    assert (refused.exit_code, f"has no link {world.others.id}" in refused.stderr) == (1, True)
    assert commands.facts("end", USER, world.link.id)["ended"] == [world.link.id]
    assert commands.run("remove", USER, typed="me@example.com\n").exit_code == 1
    assert commands.facts("remove", USER, "--yes") == {"household": world.account.id, "ended": []}
    unknown = commands.run(USER)
    assert (unknown.exit_code, f"{USER} is not known here" in unknown.stderr) == (1, True)
    assert [account.id for account in world.store.accounts()] == [world.other.account.id]


def test_links_are_kept_as_they_are_by_what_only_reads(world: World) -> None:
    links: list[Link] = world.store.links(world.account.id)
    for call in ("show", "export"):
        assert world.call(call=call, household=USER)[0] == 200
    assert world.store.links(world.account.id) == links
