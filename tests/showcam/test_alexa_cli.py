"""`showcam alexa`, as an integrator types it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from showcam.app.cli import main
from tests.doubles.aws import ROOT, in_process

ARN = "arn:aws:lambda:eu-west-1:210987654321:function:showcam-prod-directives"
SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of an installation at home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOWCAM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SHOWCAM_PUBLIC_URL", "https://cam.example.org")
    monkeypatch.setenv("SHOWCAM_LWA_CLIENT_SECRET", "never-to-be-seen")
    return tmp_path / "data"


@pytest.fixture
def on_aws(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same folder, of which an installation on AWS makes no use."""
    with in_process(monkeypatch) as cloud:
        cloud.table()
        monkeypatch.setenv("SHOWCAM_STORE", "dynamodb")
        monkeypatch.setenv("SHOWCAM_KEYS_SECRET", cloud.secret("showcam/keys", {"root": ROOT}))
        yield data


def showcam(*words: str) -> Result:
    return CliRunner().invoke(main, ["alexa", *words])


def test_every_field_is_printed_in_the_consoles_order(on_aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redirect = "https://pitangui.amazon.com/api/skill/link/M1"
    words = ["clients", "add", "alexa", "--id", "my-alexa", "--redirect-uri", redirect, "--json"]
    added = CliRunner().invoke(main, words)
    assert added.exit_code == 0, added.output
    monkeypatch.setenv("SHOWCAM_ALEXA_SKILL_ID", SKILL)
    done = showcam("values", "--language", "de-DE", "--arn", ARN)
    assert done.exit_code == 0, done.output
    wanted = (
        "Create skill\n", "Provision your own", "\nSmart Home\n", SKILL, ARN, "Account linking\n",
        "https://cam.example.org/oauth/authorize", "https://cam.example.org/oauth/token", "my-alexa", "cameras",
        "Permissions\n", "\nCustom\n", "meine kameras", "de-DE.json", "Test\n",
    )  # fmt: skip
    at = 0
    for text in wanted:
        assert text in done.output[at:], done.output
        at = done.output.index(text, at)
    assert json.loads(added.stdout)["client_secret"] not in done.output
    assert "never-to-be-seen" not in done.output


def test_the_functions_are_printed(on_aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = showcam("values", "--arn", ARN, "--arn", ARN.replace("eu-west-1", "us-west-2"))
    assert done.exit_code == 0, done.output
    assert done.stdout.count(ARN) == 4, "as default and in its own region, for both halves"
    assert "https://cam.example.org/alexa/skill" not in done.stdout
    monkeypatch.delenv("SHOWCAM_PUBLIC_URL")
    for assistant in ("alexa", "google"):
        assert "output PublicUrl" in CliRunner().invoke(main, [assistant, "values"]).stderr
    assert not on_aws.exists()


@pytest.mark.parametrize("words", [("values",), ("package", "skill", "--arn", ARN)])
def test_at_home_the_page_is_named(words: tuple[str, ...], data: Path) -> None:
    done = showcam(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "showcam home" in done.stderr


def test_a_language_without_a_spoken_half_is_named(on_aws: Path) -> None:
    done = showcam("values", "--language", "fr-FR")
    assert (done.exit_code, "none in fr-FR" in done.stderr, "Custom" in done.stdout) == (0, True, False)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (ARN.replace("eu-west-1", "us-east-1"), "For en-GB Alexa looks in eu-west-1"),
        (ARN.replace("eu-west-1", "eu-north-1"), "us-east-1, eu-west-1, us-west-2 only"),
        ("arn:aws:iam::210987654321:role/x", "that is no function's ARN"),
    ],
)
def test_a_function_alexa_would_not_find_is_refused(arn: str, expected: str, on_aws: Path) -> None:
    done = showcam("values", "--arn", arn)
    assert (done.exit_code, done.stdout) == (2, "")
    assert expected in done.stderr


def test_without_a_public_address_it_says_so(on_aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOWCAM_PUBLIC_URL")
    done = showcam("values")
    assert done.exit_code == 2
    assert "public_url is not set" in done.stderr


def test_a_language_alexa_lacks_is_named(on_aws: Path) -> None:
    done = showcam("values", "--language", "nb-NO")
    assert done.exit_code == 2
    assert "no language nb-NO" in done.stderr


def test_a_secret_that_is_none_is_not_written_into_the_error(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOWCAM_LWA_CLIENT_SECRET")
    Path("showcam.toml").write_text("lwa_client_secret = 31415926\n")
    done = showcam("values")
    assert done.exit_code == 2
    assert "/showcam.toml is a secret; a text is wanted" in done.stderr
    assert "31415926" not in done.output
