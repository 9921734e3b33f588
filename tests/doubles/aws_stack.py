"""A stack for functions: a table with one household, secrets, and a vendor that does not answer."""

import secrets
import time
from dataclasses import dataclass

from scripts.deploy_local.emulator import Emulator
from showcam.accounts import clients
from showcam.accounts.links import mint
from showcam.app import keys
from showcam.drivers.camera import Ref
from showcam.drivers.ezviz import sessions
from showcam.registry.readings.households import encoded
from showcam.store.dynamodb import DynamoStore
from showcam.store.records import Account, Assistant, Known, Link, Source
from showcam.store.sealing import Sealer
from tests.doubles.aws import ROOT, Cloud
from tests.doubles.household import new_link
from tests.doubles.ready_driver import camera

SKILL = "amzn1.ask.skill.6d0c4b5e-93a1-4f7e-8c52-0b1f6a9d27e3"
USER = "you@example.com"
NOBODY = "127.0.0.1:9"  # a vendor that does not answer


@dataclass
class Home:
    """A household and its last known cameras."""

    store: DynamoStore
    account: Account
    source: Source

    def link(self, assistant: Assistant) -> Link:
        link = new_link(self.account, assistant, None, "en")
        self.store.add_link(link)
        return link

    def token(self, assistant: Assistant, kind: str = "access") -> str:
        """A token of a new link."""
        text, row = mint(self.link(assistant).id, kind, "cameras", time.time())
        assert self.store.add_tokens([row])
        return text


@dataclass
class Stack(Home):
    """`environ` are the variables of a function on it."""

    environ: dict[str, str]
    keys: keys.Keys
    client_secret: str


def build_stack(aws: Emulator, cloud: Cloud) -> Stack:
    """Builds a stack under new names."""
    table = f"entries-{secrets.token_hex(4)}"
    cloud.table(table)
    arn = cloud.secret(f"{table}/keys", {"root": ROOT})
    environ = aws.environ | {
        "SHOWCAM_STORE": "dynamodb",
        "SHOWCAM_TABLE": table,
        "SHOWCAM_KEYS_SECRET": arn,
        "SHOWCAM_SETTINGS_SECRET": cloud.secret(f"{table}/settings", {"ezviz_secret": "of the integrator"}),
        "SHOWCAM_EZVIZ_KEY": "key",
        "SHOWCAM_PUBLIC_URL": "https://showcam.example",
        "SHOWCAM_ALEXA_SKILL_ID": SKILL,
        "SHOWCAM_EZVIZ_AT": f"{NOBODY},{NOBODY}",
    }
    held = keys.derived([ROOT])
    store = DynamoStore(cloud.dynamodb, table, Sealer(held.seal))
    secret = clients.register(store, "alexa", "alexa", ("https://layla.amazon.com/api/skill/link/M1",))
    clients.register(store, "google", "google", ("https://oauth-redirect.googleusercontent.com/r/p",))
    home = add_home(store, USER)
    _sign_in(home)
    return Stack(store, home.account, home.source, environ, held, secret)


def add_home(store: DynamoStore, user: str) -> Home:
    """Adds a household that is signed out at the vendor, so that the vendor is not called."""
    account, source = sessions.add_owner(store, user), sessions.find(store, user)
    assert source
    garden = camera("Garden", "F00000001", ref=Ref(source.id, "F00000001", 1))
    store.put_known(account.id, source.id, Known(encoded([garden]), time.time()))
    return Home(store, account, source)


def _sign_in(home: Home) -> None:
    """Signs the household in by the integrator's key, so that the vendor is called."""
    sessions.keep_of(home.store, USER, sub_account="sub1")
    session = home.store.read_session(home.account.id, home.source.id)
    assert session
    version, blob = session.version, session.secrets
    assert home.store.swap_session(home.account.id, home.source.id, version=version, secrets=blob, state="ok")
