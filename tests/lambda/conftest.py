"""The entries as Lambda runs them: unpacked from their zips, under AWS's runtime client, on an AWS of this machine."""

import contextlib
import secrets
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from accounts import clients, households
from accounts.tokens import mint
from deploy_local.emulator import Emulator
from registry.camera import Ref
from showcam import keys
from showcam.settings import Settings
from store.dynamodb import DynamoStore
from store.records import Account, Known, Link, Source
from store.sealing import Sealer
from tests.doubles.aws import ROOT as KEYS_ROOT
from tests.doubles.aws import Cloud
from tests.doubles.household import new_link
from tests.doubles.ready_driver import camera
from tests.doubles.runtime_api import Environment, bring

SKILL = "amzn1.ask.skill.6d0c4b5e-93a1-4f7e-8c52-0b1f6a9d27e3"
USER = "you@example.com"
NOBODY = "127.0.0.1:9"  # a vendor that does not answer


@dataclass
class Stack:
    """A table with one household in it, its cameras as they were last known, and what functions are told of it."""

    environ: dict[str, str]
    store: DynamoStore
    keys: keys.Keys
    account: Account
    source: Source
    client_secret: str

    def link(self, assistant: str) -> Link:
        link = new_link(self.account, assistant, None, "en")  # type: ignore[arg-type]
        self.store.add_link(link)
        return link

    def token(self, assistant: str, kind: str = "access") -> str:
        """Of a link of its own."""
        text, row = mint(self.link(assistant).id, kind, "cameras", time.time())
        assert self.store.add_tokens([row])
        return text


@pytest.fixture(scope="session")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bring(tmp_path_factory.mktemp("runtime") / "brought")


@pytest.fixture(scope="session")
def tasks(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each function, as AWS unpacks its zip."""
    folder = tmp_path_factory.mktemp("tasks")
    for name, package in packages.items():
        zipfile.ZipFile(package).extractall(folder / name)
    return {name: folder / name for name in packages}


@pytest.fixture(scope="session")
def cloud(aws: Emulator) -> Cloud:
    return Cloud(aws.client)


@pytest.fixture(scope="session")
def stack(aws: Emulator, cloud: Cloud) -> Stack:
    table = f"entries-{secrets.token_hex(4)}"
    cloud.table(table)
    arn = cloud.secret(f"{table}/keys", {"root": KEYS_ROOT})
    environ = aws.environ | {
        "SHOWCAM_STORE": "dynamodb",
        "SHOWCAM_TABLE": table,
        "SHOWCAM_KEYS_SECRET": arn,
        "SHOWCAM_SETTINGS_SECRET": cloud.secret(f"{table}/settings", {"ezviz_secret": "of the integrator"}),
        "SHOWCAM_EZVIZ_KEY": "key",
        "SHOWCAM_PUBLIC_URL": "https://showcam.example",
        "SHOWCAM_ALEXA_SKILL_ID": SKILL,
        "SHOWCAM_EZVIZ_API": NOBODY,
        "SHOWCAM_EZVIZ_OPEN": NOBODY,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environ.items():
            patch.setenv(name, value)
        held = keys.of(Settings(keys_secret=arn))
    store = DynamoStore(cloud.dynamodb, table, Sealer(held.seal))
    secret = clients.register(store, "alexa", "alexa", ("https://layla.amazon.com/api/skill/link/M1",))
    clients.register(store, "google", "google", ("https://oauth-redirect.googleusercontent.com/r/p",))
    account = households.add_owner(store, USER)
    assert households.set_sub_account(store, USER, "sub1")
    source = households.find(store, USER)
    assert source
    _sign_in(store, account, source)
    garden = camera("Garden", "F00000001", ref=Ref(source.id, "F00000001", 1))
    store.put_known(account.id, Known(msgspec.msgpack.encode([garden]), time.time()))
    return Stack(environ, store, held, account, source, secret)


def _sign_in(store: DynamoStore, account: Account, source: Source) -> None:
    session = store.read_session(account.id, source.id)
    assert session
    assert store.swap_session(account.id, source.id, version=session.version, secrets=session.secrets, state="ok")


@pytest.fixture(scope="module")
def environment(tasks: dict[str, Path], brought: Path, stack: Stack) -> Iterator[Callable[..., Environment]]:
    """Begins an environment of a function, by settings that replace those of the stack ("" takes one away)."""
    with contextlib.ExitStack() as running:

        def begin(function: str, **settings: str) -> Environment:
            environ = {name: value for name, value in (stack.environ | settings).items() if value}
            return running.enter_context(Environment(tasks[function], f"lambda/{function}.handler", environ, brought))

        yield begin
