"""An owner's skill, made by showcam at a double of Amazon's skill management."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from showcam.accounts import clients
from showcam.alexa.texts import LOCALES
from showcam.app.setup.forwarder import LANGUAGES
from showcam.app.setup.skill_creation import STEPS, Made, SkillCreation
from showcam.app.setup.smapi import Amazon, Failed, SignInAgain
from showcam.console.setup.skill import NotMade
from showcam.store.records import Client
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.no_threads import no_threads
from tests.doubles.skill_management import EVENTS, PROFILE, VENDOR, Skill, SkillManagement
from tests.doubles.tls_vendor import Vendor, Vendors, answer
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "An owner's Alexa skill is made from one security profile, a template for AWS and a pasted ARN",
    leans_on="double: Amazon's skill management",
    also=("tests/whole/test_skill_page.py",),
)

URL = "https://cams.example"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:showcam-forward"
PACKAGED = {"en-US", "en-GB", "de-DE"}


class Kept:
    """A record in memory. `once_read` is called after the record is read, before the reader has it."""

    data: bytes | None = None

    def __init__(self) -> None:
        self.once_read: Callable[[], None] = lambda: None

    def read(self) -> bytes | None:
        data = self.data
        self.once_read()
        return data

    def write(self, data: bytes | None) -> None:
        self.data = data


class World:
    def __init__(self, vendors: Vendors, folder: Path) -> None:
        self.amazon = SkillManagement(f"{URL}/setup/lwa")
        self.vendor: Vendor = vendors.answering(self.amazon.reply)
        self.store = SqliteStore(folder / "db", Sealer([("k", bytes(32))]))
        self.kept, self.clock = Kept(), Clock()
        self.noted: list[tuple[str, str, str]] = []

    def making(self) -> SkillCreation:
        """A new one each time, as after a restart."""
        return SkillCreation(
            URL,
            Amazon(self.vendor.host, self.vendor.ca_file, self.clock),
            self.store,
            self.kept,
            lambda *found: self.noted.append(found),
            lambda: "trusted",
            clock=self.clock,
            sleep=self.clock.wait,
        )

    def allow(self, language: str = "en-GB") -> None:
        returned = self.amazon.allow(self.making().begin(*PROFILE, language))
        self.making().allowed(returned["state"], returned["code"])

    def spoken(self, language: str = "en-GB") -> Made:
        self.allow(language=language)
        return self.making().make()

    def bring_function(self, arn: str = ARN) -> None:
        (skill,) = self.amazon.skills
        self.amazon.permits.add((arn, skill))
        self.making().use_function(arn)


@pytest.fixture
def world(vendors: Vendors, tmp_path: Path) -> Iterator[World]:
    made = World(vendors, tmp_path)
    yield made
    made.store.close()


def test_the_spoken_half_stands_before_anything_of_aws(world: World) -> None:
    made = world.spoken()
    (skill,) = world.amazon.skills.values()
    assert made.done == ("vendor", "skill", "linking", "models", "testing")
    assert skill.manifest["apis"]["custom"]["endpoint"]["uri"] == f"{URL}/alexa/skill"
    assert "smartHome" not in skill.manifest["apis"]
    assert set(skill.models) == PACKAGED
    assert skill.enabled


def linked_client(world: World) -> tuple[Client, dict[str, Any]]:
    """The client that a skill was made for, and what the skill says of account linking: it has the client's secret."""
    world.spoken()
    (skill,) = world.amazon.skills.values()
    client = world.store.client("alexa")
    assert skill.linking is not None
    assert client is not None
    assert clients.check_secret(client, skill.linking["clientSecret"])
    return client, skill.linking


def test_account_linking_is_that_of_the_client_and_its_redirects_are_the_vendors(world: World) -> None:
    client, linking = linked_client(world)
    assert linking["authorizationUrl"] == f"{URL}/oauth/authorize"
    assert client.redirect_uris == (
        f"https://pitangui.amazon.com/api/skill/link/{VENDOR}",
        f"https://layla.amazon.com/api/skill/link/{VENDOR}",
        f"https://alexa.amazon.co.jp/api/skill/link/{VENDOR}",
    )


def test_a_client_that_was_there_keeps_its_demand_for_pkce(world: World) -> None:
    clients.register(world.store, "alexa", "alexa", ("https://assistant.example/",), require_pkce=True)
    client, _ = linked_client(world)
    assert client.require_pkce
    assert client.redirect_uris[0] == f"https://pitangui.amazon.com/api/skill/link/{VENDOR}"


def test_with_the_function_the_skill_is_whole_and_its_ids_are_given(world: World) -> None:
    world.spoken()
    world.bring_function()
    assert world.making().make().done == STEPS
    ((skill_id, skill),) = world.amazon.skills.items()
    assert skill.manifest["apis"]["smartHome"]["endpoint"]["uri"] == ARN
    assert skill.manifest["permissions"] == [{"name": "alexa::async_event:write"}]
    assert world.noted == [(skill_id, *EVENTS)]


# the Echo's language, the model of its spoken half, its function's region
ECHOS = [
    ("ar-SA", "", "eu-west-1"),
    ("de-DE", "de-DE", "eu-west-1"),
    ("en-AU", "en-GB", "us-west-2"),
    ("en-CA", "en-US", "us-east-1"),
    ("en-GB", "en-GB", "eu-west-1"),
    ("en-IN", "en-GB", "eu-west-1"),
    ("en-US", "en-US", "us-east-1"),
    ("es-ES", "", "eu-west-1"),
    ("es-MX", "", "us-east-1"),
    ("es-US", "", "us-east-1"),
    ("fr-CA", "", "us-east-1"),
    ("fr-FR", "", "eu-west-1"),
    ("hi-IN", "", "eu-west-1"),
    ("it-IT", "", "eu-west-1"),
    ("ja-JP", "", "us-west-2"),
    ("nl-NL", "", "eu-west-1"),
    ("pt-BR", "", "us-east-1"),
]


def test_every_language_of_the_camera_interfaces_can_be_chosen() -> None:
    assert tuple(language for language, _, _ in ECHOS) == LOCALES == LANGUAGES


@pytest.mark.parametrize(("language", "model", "region"), ECHOS)
def test_an_echo_in_each_language_has_the_skill_and_reaches_its_function(
    world: World, language: str, model: str, region: str
) -> None:
    world.spoken(language)
    (skill,) = world.amazon.skills.values()
    assert world.making().stack().region == region
    assert skill.reached(language) == ("", bool(model))
    arn = ARN.replace("eu-west-1", region)
    world.bring_function(arn)
    assert world.making().make().done == STEPS
    assert skill.reached(language) == (arn, bool(model))
    described = skill.manifest["publishingInformation"]["locales"]
    assert set(described) == set(skill.manifest["privacyAndCompliance"]["locales"]) == {*PACKAGED, language}
    assert set(skill.models) == {locale for locale in described if locale in PACKAGED or model}
    if model:
        assert skill.models[language] == skill.models[model]
        assert described[language] == described[model]
    else:
        assert "my cameras" not in str(described[language])


def test_an_echo_in_a_language_that_was_not_chosen_has_no_skill_until_it_is(world: World) -> None:
    world.spoken("en-GB")
    world.bring_function()
    world.making().make()
    (skill,) = world.amazon.skills.values()
    assert skill.reached("en-GB") == (ARN, True)
    assert skill.reached("fr-FR") == ("", False)
    world.spoken("fr-FR")
    world.bring_function()
    world.making().make()
    assert len(world.amazon.skills) == 1
    assert skill.reached("fr-FR") == (ARN, False)


@pytest.mark.parametrize(
    "cut",
    [
        "POST /auth/o2/token",
        "POST /v1/skills",
        "PUT /v1/skills/amzn1.ask.skill.00000000-0000-4000-8000-000000000001/stages/development/accountLinking",
        "PUT /v1/skills/amzn1.ask.skill.00000000-0000-4000-8000-000000000001/stages/development/interactionModel",
        "PUT /v1/skills/amzn1.ask.skill.00000000-0000-4000-8000-000000000001/stages/development/enablement",
    ],
)
def test_an_answer_that_is_lost_doubles_nothing_and_it_is_gone_on_with(world: World, cut: str) -> None:
    world.allow()
    world.amazon.cut_after = "" if cut.startswith("POST /auth") else cut
    world.amazon.fault = lambda request: b"" if request.startswith(cut) and cut.startswith("POST /auth") else None
    with pytest.raises(Failed, match="can't be reached"):
        world.making().make()
    world.amazon.fault = lambda _request: None
    assert world.making().make().done == ("vendor", "skill", "linking", "models", "testing")
    assert len(world.amazon.skills) == 1


def test_a_developer_with_many_skills_gets_no_second_one(world: World) -> None:
    for number in range(120):
        others = {"publishingInformation": {"locales": {"en-US": {"name": f"another {number}"}}}}
        world.amazon.skills[f"amzn1.ask.skill.00000000-0000-4000-9000-{number:012d}"] = Skill(others)
    world.allow()
    world.amazon.cut_after = "POST /v1/skills"
    with pytest.raises(Failed, match="can't be reached"):
        world.making().make()
    world.making().make()
    assert len(world.amazon.skills) == 121


def test_a_list_of_skills_without_end_is_refused(world: World) -> None:
    world.allow()
    endless = answer(b'{"skills": [], "isTruncated": true, "nextToken": "again"}')
    world.amazon.fault = lambda request: endless if request.startswith("GET /v1/skills?") else None
    with pytest.raises(Failed, match="can't be understood"):
        world.making().make()
    assert world.amazon.skills == {}


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Internal Server Error", "404 Not Found"])
@pytest.mark.parametrize("call", ["GET /v1/vendors", "POST /v1/skills", "GET /v1/skills?"])
def test_a_refusal_is_shown_and_what_stands_is_found_again(world: World, call: str, status: str) -> None:
    world.allow()
    refused = answer(b'{"message":"Not\\u0000 now,\\n please."}', status)
    world.amazon.fault = lambda request: refused if request.startswith(call) else None
    with pytest.raises(Failed, match=r"Amazon (says: Not now, please\.|takes no more calls)"):
        world.making().make()
    world.amazon.fault = lambda _request: None
    world.making().make()
    assert len(world.amazon.skills) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"vendors": "x"}', b'{"vendors": [{"id": "../x"}]}', b"[" * 9999])
def test_answers_that_mean_nothing_are_refused(world: World, body: bytes) -> None:
    world.allow()
    world.amazon.fault = lambda request: answer(body) if request.startswith("GET /v1/vendors") else None
    with pytest.raises(Failed):
        world.making().make()
    assert world.amazon.skills == {}


def test_a_permission_that_ends_halfway_is_given_again_and_nothing_is_doubled(world: World) -> None:
    world.spoken()
    world.amazon.end_permission()
    with pytest.raises(SignInAgain):
        world.making().make()
    world.allow()
    world.bring_function()
    assert world.making().make().done == STEPS
    assert len(world.amazon.skills) == 1


def test_it_is_gone_on_with_after_no_thread_was_left(world: World) -> None:
    world.allow()
    making = world.making()
    with no_threads(), pytest.raises(RuntimeError):
        making.go_on()
    making.go_on()
    until(lambda: not making.standing().running)
    assert making.standing().road == "function"


def test_while_amazon_is_at_work_nothing_else_changes_the_skill(world: World) -> None:
    world.spoken()
    world.bring_function()
    making, came, go = world.making(), threading.Event(), threading.Event()

    def hold(_request: str) -> None:
        came.set()
        go.wait(LONG_S)

    world.amazon.fault = hold
    making.go_on()
    assert came.wait(LONG_S)
    changes = (making.forget, partial(making.begin, *PROFILE, "en-US"), partial(making.use_function, ARN))
    for change in changes:
        with pytest.raises(NotMade, match="still building"):
            change()
    go.set()
    until(lambda: not making.standing().running)
    making.forget()
    assert making.made() is None


def test_a_page_that_is_made_while_the_thread_ends_is_loaded_again(world: World) -> None:
    """Else it would wait for a press although all is done."""
    world.spoken()
    world.bring_function()
    making, reader, go = world.making(), threading.current_thread(), threading.Event()

    def ends() -> None:
        if threading.current_thread() is reader:
            go.set()
            until(lambda: "skill" not in {thread.name for thread in threading.enumerate()})

    def hold(_request: str) -> None:
        go.wait(LONG_S)

    world.amazon.fault = hold
    making.go_on()
    world.kept.once_read = ends
    assert making.standing().running
    assert making.standing().road == "made"


@pytest.mark.parametrize("kept", [b'{"profile": {}}', b"{", b'{"language": "en-GB", "done": ["renamed"]}'])
def test_a_skill_that_another_version_kept_is_begun_again(world: World, kept: bytes) -> None:
    world.spoken()
    world.kept.write(kept)
    assert world.making().standing().road == "begin"
    assert world.spoken().skill in world.amazon.skills
    assert len(world.amazon.skills) == 1


def test_a_wrong_secret_is_named_as_one(world: World) -> None:
    returned = world.amazon.allow(world.making().begin(PROFILE[0], "wrong", "en-GB"))
    with pytest.raises(Failed, match="client secret"):
        world.making().allowed(returned["state"], returned["code"])


def test_an_account_that_is_no_developers_is_shown_what_to_do(world: World) -> None:
    world.amazon.developer = False
    world.allow()
    with pytest.raises(Failed, match=r"developer\.amazon\.com"):
        world.making().make()


@pytest.mark.parametrize(("after_s", "taken"), [(0, True), (899, True), (900, False)])
def test_amazons_return_is_taken_within_a_quarter_of_an_hour_and_once(world: World, after_s: int, taken: bool) -> None:
    returned = world.amazon.allow(world.making().begin(*PROFILE, "en-GB"))
    world.clock.wait(after_s)
    assert world.making().takes(returned["state"]) is taken
    assert not world.making().takes(returned["state"] + "x")
    assert not world.making().takes("\ud800")
    world.clock.wait(-after_s)
    world.making().allowed(returned["state"], returned["code"])
    assert not world.making().takes(returned["state"])


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "x",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "arn:aws:lambda:eu-west-1:123456789012:function:f\n;",
    ],
)
def test_a_function_that_alexa_would_not_call_is_refused_and_may_be_pasted_again(world: World, arn: str) -> None:
    before = world.spoken()
    with pytest.raises(NotMade, match="no ARN of a function"):
        world.making().use_function(arn)
    assert world.making().made() == before
    world.making().use_function(ARN)
    made = world.making().made()
    assert made is not None
    assert (made.arn, made.done) == (ARN, (*before.done, "function"))


def test_there_is_no_function_before_there_is_a_skill(world: World) -> None:
    with pytest.raises(Failed, match="no skill yet"):
        world.making().use_function(ARN)
    with pytest.raises(Failed, match="no skill yet"):
        world.making().stack()


def test_a_function_that_does_not_permit_the_skill_is_named_in_amazons_words(world: World) -> None:
    world.spoken()
    world.making().use_function(ARN)
    with pytest.raises(Failed, match="trigger setting"):
        world.making().make()


def test_another_language_begins_again_and_finds_the_skill(world: World) -> None:
    world.spoken()
    world.allow(language="en-US")
    world.making().make()
    assert len(world.amazon.skills) == 1
    assert world.making().stack().region == "us-east-1"


def test_what_is_kept_holds_no_secret_of_the_client(world: World) -> None:
    world.spoken()
    (skill,) = world.amazon.skills.values()
    assert skill.linking is not None
    assert world.kept.data is not None
    assert skill.linking["clientSecret"] not in world.kept.data.decode()
    assert msgspec.json.decode(world.kept.data, type=Made).skill in world.amazon.skills


def test_the_return_of_a_skill_of_an_older_showcam_is_named_before_its_first_linking(world: World) -> None:
    made = world.spoken()
    (skill,) = world.amazon.skills.values()
    assert skill.redirects == [f"{URL}/setup/lwa"]
    world.kept.write(msgspec.json.encode(msgspec.structs.replace(made, redirect="")))
    skill.linking = None
    for _ in range(2):
        world.making().begin_linking("home-1")
    assert skill.redirects == [f"{URL}/setup/lwa"]
    assert sum(path.endswith("/accountLinkingClient") for path in world.vendor.paths()) == 2
    client = world.store.client("alexa")
    assert client is not None
    assert skill.linking is not None
    assert clients.check_secret(client, skill.linking["clientSecret"])
