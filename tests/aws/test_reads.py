"""Each function's role may read exactly the secrets that its code reads when it begins."""

from collections.abc import Iterator
from importlib import import_module

import pytest

from showcam.app import keys
from showcam.app.aws import boto
from showcam.app.compose import ground
from showcam.app.process.settings_sources import load
from showcam.app.settings import SECRETS, Settings
from showcam.engine.grants import Claims, Grants
from showcam.store.sealing import Sealer
from tests.aws.conftest import Packaged, Template
from tests.aws.test_template import resolved
from tests.doubles.aws import ROOT, Cloud, in_process

ENTRIES = {name: name for name in ("directives", "fulfillment", "reports", "operators", "sweep")} | {
    "web": "web_on_lambda"
}
SETTINGS = {"ezviz_secret": "z", "ezviz_webhook_key": "w", "lwa_client_secret": "l", "google_service_account": "{}"}
HELD: dict[str, dict[str, str]] = {
    "keys": {"root": ROOT},
    "grant": {"root": ROOT[::-1]},
    "cookie": {"root": ROOT.upper()},
    "settings": {"ezviz_secret": "z"},
    "directives": {"lwa_client_secret": "l"},
    "web": {"ezviz_webhook_key": "w"},
    "google": {"google_service_account": "{}"},
}
READ = {
    ("with all there is", "directives"): {"keys", "grant", "settings", "directives"},
    ("with all there is", "fulfillment"): {"keys", "grant", "settings", "google"},
    ("with all there is", "web"): {"keys", "grant", "cookie", "settings", "web"},
    ("with all there is", "reports"): {"keys", "grant", "settings", "directives", "google"},
    ("with all there is", "sweep"): {"keys", "settings"},
    ("with all there is", "operators"): {"keys", "grant"},
    ("with little", "operators"): {"keys"},
    ("with little", "directives"): {"keys", "settings"},
    ("with little", "fulfillment"): {"keys", "settings"},
    ("with little", "web"): {"keys", "cookie", "settings", "web"},
    ("with little", "reports"): {"keys", "settings"},
    ("with little", "sweep"): {"keys", "settings"},
}


@pytest.fixture(scope="module")
def templates(at_home: Packaged, bare: Packaged) -> dict[str, Template]:
    return {"with all there is": at_home.template, "with little": bare.template}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with in_process(monkeypatch) as made:
        made.table("showcam-prod")
        yield made


def begin(
    template: Template, function: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, held: dict[str, dict[str, str]]
) -> tuple[set[str], set[str], Settings]:
    """Which secrets the entry read, which its role may read, and what its settings are."""
    title = function.title()
    arns = {cloud.secret(f"showcam/prod/{name}", held_secret): name for name, held_secret in held.items()}
    known = {f"{name.title()}Secret": arn for arn, name in arns.items()}
    known |= {"AWS::Region": "eu-west-1", "Table": "showcam-prod", "ReportQueue": "https://queue"}
    variables = template["Resources"][f"{title}LambdaFunction"]["Properties"]["Environment"]["Variables"]
    for name, value in variables.items():
        monkeypatch.setenv(name, resolved(value, known))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", f"showcam-prod-{function}")
    requested: list[str] = []
    client = boto.client("secretsmanager", "eu-west-1")
    client.meta.events.register(
        "provide-client-params.secretsmanager.GetSecretValue", lambda params, **_: requested.append(params["SecretId"])
    )
    import_module(f"showcam.app.compose.{ENTRIES[function]}").build()
    assert len(requested) == len({*requested}), "each is read once"
    (policy,) = template["Resources"][f"{title}Role"]["Properties"]["Policies"]
    may = {
        resolved(resource, known)
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "secretsmanager:GetSecretValue"
        for resource in statement["Resource"]
    }
    return (
        {arns[secret] for secret in requested},
        {arns[secret] for secret in may},
        ground.with_own_secrets(function, load()),
    )


@pytest.mark.parametrize(("given", "function"), READ)
def test_a_role_may_read_what_its_function_reads(
    templates: dict[str, Template], cloud: Cloud, monkeypatch: pytest.MonkeyPatch, given: str, function: str
) -> None:
    read, may, settings = begin(templates[given], function, cloud, monkeypatch, HELD)
    assert read == may == READ[given, function]
    set_secrets = {name for name in SECRETS if getattr(settings, name)}
    held_secrets = {name for secret in read for name in HELD[secret] if name != "root"}
    assert set_secrets == held_secrets, "what a secret holds that it reads, it uses"
    assert set_secrets <= ground.SECRETS_OF[function]


@pytest.mark.parametrize("given", ["with all there is", "with little"])
def test_changes_starts_without_any_secret(
    templates: dict[str, Template], cloud: Cloud, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    variables = templates[given]["Resources"]["ChangesLambdaFunction"]["Properties"]["Environment"]["Variables"]
    known = {"AWS::Region": "eu-west-1", "Table": "showcam-prod", "ReportQueue": "https://queue"}
    known |= {name: cloud.secret(name, {"root": ROOT}) for name in ("KeysSecret", "GrantSecret")}
    for name, value in variables.items():
        monkeypatch.setenv(name, resolved(value, known))
    assert import_module("showcam.app.compose.changes").build()({"Records": []}, None) == {"woken": 0}


@pytest.mark.parametrize("function", [name for name in ENTRIES if name != "sweep"])  # it shows nobody a video
def test_what_version_0_1_sealed_and_granted_opens(
    templates: dict[str, Template], cloud: Cloud, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    before = keys.derived([ROOT]), keys.derived([HELD["grant"]["root"]])
    sealed = Sealer(before[0].seal).seal("source|a|s", b"a vendor's session")
    claims = Claims("account", "link", "camera", "hls", "alexa", 2_000_000_000, "nonce")
    grant = Grants(before[1].grant).sign(claims)
    *_, settings = begin(templates["with all there is"], function, cloud, monkeypatch, HELD)
    held = keys.of(settings)
    assert Sealer(held.seal).open("source|a|s", sealed) == b"a vendor's session"
    assert Grants(held.grant).verify(grant, "hls", 0.0) == claims


@pytest.mark.parametrize("function", [name for name in ENTRIES if name != "operators"])  # it reads no settings
def test_a_deployment_with_all_settings_in_one_secret_starts_with_a_warning(
    templates: dict[str, Template],
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    function: str,
) -> None:
    held = HELD | {"settings": SETTINGS, "directives": {}, "web": {}}
    *_, settings = begin(templates["with all there is"], function, cloud, monkeypatch, held)
    used = ground.SECRETS_OF[function]
    assert {name: getattr(settings, name) for name in SETTINGS} == {
        name: value if name in used else "" for name, value in SETTINGS.items()
    }
    logged = "".join(capsys.readouterr())
    for name in SETTINGS:
        assert (f"{function} can read {name}, which it does not use" in logged) is (name not in used)
