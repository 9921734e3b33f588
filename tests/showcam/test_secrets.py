"""Secrets Manager holds the roots of the keys and the secret settings; a fault is named without a value."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from showcam.app import keys
from showcam.app.aws import boto
from showcam.app.aws.boto import SecretUnreadable
from showcam.app.cli import main
from showcam.app.compose.ground import open_store
from showcam.app.keys import read_or_make
from showcam.app.process.settings_sources import SettingsError, load
from showcam.app.settings import Settings
from showcam.engine.grants import Claims, Grants
from showcam.store.ports import StoreUnavailable
from showcam.store.sealing import Sealer
from tests.doubles.aws import OLD_ROOT, ROOT, Cloud, in_process

pytestmark = pytest.mark.cloud  # most make an AWS of their own, in this process


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with in_process(monkeypatch) as made:
        yield made


def of(secret: str) -> keys.Keys:
    return keys.of(Settings(keys_secret=secret))


class TestKeys:
    def test_four_are_derived_apart_and_always_the_same(self, cloud: Cloud) -> None:
        by_arn, by_name = of(cloud.secret("showcam/keys", {"root": ROOT})), of("showcam/keys")
        assert by_arn == by_name
        assert len({by_arn.seal[0][1], by_arn.grant[0], by_arn.cookie[0], by_arn.forwarder[0][1]}) == 4
        assert len(by_arn.seal[0][1]) == 32

    @pytest.mark.parametrize("name", keys.NAMES)
    def test_each_is_derived_by_rfc_5869_and_named_by_a_hash(self, cloud: Cloud, name: str) -> None:
        cloud.secret("showcam/keys", {"root": ROOT})
        held = getattr(of("showcam/keys"), name)[0]
        extracted = hmac.digest(bytes(32), ROOT.encode(), "sha256")
        expected = hmac.digest(extracted, f"showcam/{name}/1".encode() + b"\x01", "sha256")
        its_id = hashlib.sha256(b"showcam/id/1" + expected).hexdigest()[:8]
        assert held == ((its_id, expected) if name in ("seal", "forwarder") else expected)

    def test_after_a_rotation_the_new_root_is_used_and_the_old_one_still_opens(self, cloud: Cloud) -> None:
        before = of(cloud.secret("before", {"root": OLD_ROOT, "older": []}))
        after = of(cloud.secret("after", {"root": ROOT, "older": [OLD_ROOT]}))
        sealed = Sealer(before.seal).seal("row", b"session")
        assert Sealer(after.seal).open("row", sealed) == b"session"
        assert Sealer(after.seal).seal("row", b"x")[2:10].decode() == after.seal[0][0] != before.seal[0][0]
        assert after.grant == [after.grant[0], before.grant[0]]
        assert (after.cookie[1:], after.forwarder[1:]) == (before.cookie, before.forwarder)

    def test_the_media_process_reads_grants_by_the_same_secret(self, cloud: Cloud) -> None:
        secret = cloud.secret("showcam/keys", {"root": ROOT})
        claims = Claims("account", "link", "camera", "hls", "alexa", 2_000_000_000, "nonce")
        grant = Grants(of(secret).grant).sign(claims)
        assert Grants(keys.grant_of(Settings(keys_secret=secret))).verify(grant, "hls", 0.0) == claims

    def test_grants_alone_may_come_from_a_secret_that_media_processes_elsewhere_share(self, cloud: Cloud) -> None:
        all_of_it, shared = cloud.secret("showcam/keys", {"root": OLD_ROOT}), {"root": ROOT}
        apart = Settings(keys_secret=all_of_it, grant_secret=cloud.secret("showcam/grant", shared))
        handed = Settings(grant_roots=json.dumps(shared))
        assert keys.of(apart).grant == keys.grant_of(apart) == keys.grant_of(handed) != of(all_of_it).grant
        assert keys.of(apart).seal == of(all_of_it).seal

    def test_cookies_are_signed_by_a_secret_that_web_alone_may_read(self, cloud: Cloud) -> None:
        all_of_it, own = (
            cloud.secret("showcam/keys", {"root": OLD_ROOT}),
            cloud.secret("showcam/cookie", {"root": ROOT}),
        )
        apart, others = keys.of(Settings(keys_secret=all_of_it, cookie_secret=own)), of(all_of_it)
        assert apart.cookie == of(own).cookie != others.cookie
        assert (apart.seal, apart.grant, apart.forwarder) == (others.seal, others.grant, others.forwarder)

    def test_a_machine_at_home_may_share_grants_with_media_processes_elsewhere(self, tmp_path: Path) -> None:
        own = Settings(data=tmp_path)
        shared = Settings(data=tmp_path, grant_roots=json.dumps({"root": ROOT}))
        assert keys.of(shared).grant == keys.grant_of(shared) != keys.of(own).grant
        assert keys.of(shared).seal == keys.of(own).seal

    @pytest.mark.parametrize("held", ["a secret", "[" * 100_000, '["a secret"]', '{"root": "a secret"}'])
    def test_wrong_grant_roots_are_named_without_their_value(self, held: str) -> None:
        with pytest.raises(keys.KeysUnreadable, match="grant_roots") as caught:
            keys.grant_of(Settings(grant_roots=held))
        assert "a secret" not in str(caught.value)

    @pytest.mark.parametrize(
        "held",
        [" ", "no JSON, a secret", "[" * 100_000, b"binary, a secret", "null", [ROOT]],
        ids=lambda held: str(held)[:30],
    )
    def test_a_secret_that_is_no_object_is_named_and_its_content_is_not(self, cloud: Cloud, held: Any) -> None:
        cloud.secret("showcam/keys", held)
        with pytest.raises(SecretUnreadable) as caught:
            of("showcam/keys")
        assert "showcam/keys" in str(caught.value)
        assert not any(part in str(caught.value) for part in (ROOT, "a secret"))

    @pytest.mark.parametrize(
        "held",
        [
            {},
            {"older": [ROOT]},
            {"root": None},
            {"root": 12345},
            {"root": "a short secret"},
            {"root": ROOT, "older": OLD_ROOT},
            {"root": ROOT, "older": ["a short secret"]},
            {"root": ROOT, "older": [ROOT]},
            {"root": ROOT, "older": [f"{number}{OLD_ROOT}" for number in range(8)]},
            {"root": ROOT, "old": [OLD_ROOT]},
        ],
        ids=lambda held: str(held)[:30],
    )
    def test_wrong_roots_are_named_without_their_value(self, cloud: Cloud, held: dict[str, Any]) -> None:
        cloud.secret("showcam/keys", held)
        with pytest.raises(keys.KeysUnreadable) as caught:
            of("showcam/keys")
        assert "showcam/keys" in str(caught.value)
        assert not any(part in str(caught.value) for part in (ROOT, OLD_ROOT, "a short secret", "12345"))

    def test_one_that_is_not_there_is_named(self, cloud: Cloud) -> None:
        with pytest.raises(SecretUnreadable, match="the secret showcam/keys can't be read: there is none of that name"):
            of("showcam/keys")

    def test_so_is_one_about_to_be_deleted(self, cloud: Cloud) -> None:
        cloud.secrets.delete_secret(SecretId=cloud.secret("showcam/keys", {"root": ROOT}))
        with pytest.raises(SecretUnreadable, match="showcam/keys can't be read: it is about to be deleted"):
            of("showcam/keys")

    def test_an_arn_says_in_which_region_its_secret_is(self, cloud: Cloud) -> None:
        arn = Cloud(region="us-west-2").secret("showcam/keys", {"root": ROOT})
        assert of(arn) == of(cloud.secret("here", {"root": ROOT}))
        with pytest.raises(SecretUnreadable, match="there is none of that name in this region"):
            of("showcam/keys")

    def test_a_missing_region_is_named(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
        boto.client.cache_clear()
        with pytest.raises(SecretUnreadable, match="You must specify a region"):
            of("showcam/keys")

    def test_a_function_makes_no_keys_of_its_own(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "showcam-directives")
        with pytest.raises(keys.KeysUnreadable, match="keys_secret is not set"):
            keys.of(Settings(data=tmp_path))
        assert not any(tmp_path.iterdir())


class TestTable:
    def test_it_may_be_in_another_region(self, cloud: Cloud, tmp_path: Path) -> None:
        Cloud(region="us-west-2").table("showcam")
        made = read_or_make(tmp_path)
        open_store(Settings(store="dynamodb", table_region="us-west-2"), made).ping()
        with pytest.raises(StoreUnavailable, match="table showcam refused"):
            open_store(Settings(store="dynamodb"), made).ping()


class TestSettings:
    def test_the_secret_beats_the_file_and_the_environment_beats_the_secret(self, cloud: Cloud, tmp_path: Path) -> None:
        cloud.secret("showcam/settings", {"lwa_client_secret": "of AWS", "ezviz_webhook_key": "of AWS"})
        file = tmp_path / "showcam.toml"
        file.write_text('settings_secret = "showcam/settings"\nlwa_client_secret = "of the file"\n')
        settings = load(environ={"SHOWCAM_EZVIZ_WEBHOOK_KEY": "of the environment"}, file=file)
        assert (settings.lwa_client_secret, settings.ezviz_webhook_key) == ("of AWS", "of the environment")

    @pytest.mark.parametrize("by", ["file", "environment"])
    def test_of_several_secrets_the_last_wins(self, cloud: Cloud, tmp_path: Path, by: str) -> None:
        cloud.secret("of-all", {"ezviz_webhook_key": "once kept here", "lwa_client_secret": "l"})
        cloud.secret("of-web", {"ezviz_webhook_key": "w"})
        file = tmp_path / "showcam.toml"
        file.write_text('settings_secret = ["of-all", "of-web"]' if by == "file" else "")
        environ = {} if by == "file" else {"SHOWCAM_SETTINGS_SECRET": "of-all,of-web"}
        settings = load(environ=environ, file=file)
        assert settings.settings_secret == ("of-all", "of-web")
        assert (settings.lwa_client_secret, settings.ezviz_webhook_key) == ("l", "w")

    def test_what_is_no_list_of_names_is_refused(self, cloud: Cloud, tmp_path: Path) -> None:
        file = tmp_path / "showcam.toml"
        file.write_text("settings_secret = 5")
        with pytest.raises(SettingsError, match=r"settings_secret from .* is 5; a list \(a text each\) is wanted"):
            load(environ={}, file=file)

    @pytest.mark.parametrize(
        ("held", "expected"),
        [
            ({"ezviz_secert": "planted"}, "not 'ezviz_secert'"),
            ({"port": "8080"}, "not 'port'"),
            ({"turn_secret": ["planted"]}, "not 'turn_secret'"),
            ({"turn_secret": None}, "not 'turn_secret'"),
            (["planted"], "no object"),
            ("planted", "no JSON"),
        ],
    )
    def test_unknown_or_wrong_content_is_refused(self, cloud: Cloud, held: Any, expected: str) -> None:
        cloud.secret("showcam/settings", held)
        with pytest.raises(SettingsError) as caught:
            load(environ={"SHOWCAM_SETTINGS_SECRET": "showcam/settings"})
        assert "settings_secret from the environment (SHOWCAM_SETTINGS_SECRET)" in str(caught.value)
        assert expected in str(caught.value)
        assert "planted" not in str(caught.value)

    def test_one_that_is_not_there_is_named(self, cloud: Cloud) -> None:
        with pytest.raises(SettingsError, match="the secret gone can't be read: there is none of that name"):
            load(environ={"SHOWCAM_SETTINGS_SECRET": "gone"})

    @pytest.mark.parametrize("name", ["STORE=dynamodb", "KEYS_SECRET=showcam/keys", "SETTINGS_SECRET="])
    def test_the_demo_has_its_own(self, cloud: Cloud, name: str) -> None:
        setting, _, value = name.partition("=")
        cloud.secret("showcam/settings", {})
        with pytest.raises(SettingsError, match="the demo"):
            load(demo=True, environ={f"SHOWCAM_{setting}": value or "showcam/settings"})


class TestCommandLine:
    """An integrator's own machine: the table and the secrets on AWS, and nothing kept in a folder."""

    def showcam(self, folder: Path, *words: str, **settings: str) -> tuple[int, str]:
        environ = {
            "SHOWCAM_STORE": "dynamodb",
            "SHOWCAM_KEYS_SECRET": "showcam/keys",
            "SHOWCAM_DATA": str(folder / "data"),
        }
        done = CliRunner().invoke(main, words, env=environ | settings, catch_exceptions=False)
        assert not (folder / "data").exists()
        return done.exit_code, done.output

    def test_its_commands_work_on_the_table(self, cloud: Cloud, tmp_path: Path) -> None:
        cloud.table()
        cloud.secret("showcam/keys", {"root": ROOT})
        redirect = "https://pitangui.amazon.com/api/skill/link/M1"
        code, printed = self.showcam(tmp_path, "clients", "add", "alexa", "--redirect-uri", redirect)
        assert (code, "client secret: " in printed) == (0, True)
        assert redirect in self.showcam(tmp_path, "clients", "list")[1]
        assert self.showcam(tmp_path, "owner", "add", "you@example.com")[0] == 0
        assert "already" in self.showcam(tmp_path, "owner", "add", "you@example.com")[1]
        assert self.showcam(tmp_path, "household", "list")[0] == 0

    @pytest.mark.parametrize(
        ("table", "root", "settings", "expected"),
        [
            (True, False, {}, "showcam: the secret showcam/keys can't be read: there is none of that name"),
            (False, True, {}, "showcam: table showcam refused: ResourceNotFoundException"),
            (True, True, {"SHOWCAM_SETTINGS_SECRET": "gone"}, "showcam: settings_secret from the environment"),
        ],
        ids=["no keys", "no table", "no settings"],
    )
    def test_a_missing_secret_ends_the_command_with_one_line(
        self, cloud: Cloud, tmp_path: Path, table: bool, root: bool, settings: dict[str, str], expected: str
    ) -> None:
        if table:
            cloud.table()
        if root:
            cloud.secret("showcam/keys", {"root": ROOT})
        code, output = self.showcam(tmp_path, "clients", "list", **settings)
        assert code == 2
        assert expected in output
