"""showcam as AWS has it, in this process: its entries over DynamoDB (moto), before the simulated vendor.

The media process is a stand-in that accepts every request: the requests of the entries to table and vendor are counted.
"""

import hashlib
import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import requests

from bench.scale.assistants import TOKEN, assistants
from bench.scale.meter import Meter
from showcam.accounts import clients
from showcam.app import keys as key_files
from showcam.app.aws import boto
from showcam.app.compose import ground
from showcam.app.process.settings_sources import load
from showcam.app.settings import Settings
from showcam.drivers.ezviz import sessions
from showcam.drivers.vendor import ByPassword, SignedIn
from showcam.simulator import authority
from showcam.simulator.assistants.homegraph import FILE, ServiceAccount
from tests.doubles.dynamodb_table import create_table
from tests.doubles.own_logging import own_logging
from tests.doubles.quick_moto import mock_aws
from tests.doubles.simulator_process import SimulatorProcess

TABLE = "showcam"
PASSWORD = "showcam-demo"
USER, NEIGHBOUR = "fleet@example.com", "near@example.com"
REDIRECT = "https://assistant.example/callback"
WEBHOOK_KEY = "bench-webhook"
LONG_S = 20.0


@dataclass
class World:
    settings: Settings
    vendor: SimulatorProcess
    meter: Meter
    client: Any  # of the table, not metered
    secrets: dict[str, str]  # of the assistants' registrations
    assistants: str = ""  # host:port of both assistants' services
    shards: set[str] = field(default_factory=set)  # of the index, that links of the world have

    def later(self) -> None:
        """Moves the rows an hour into the past: links were last used and cameras last read then.

        What a link was to be compared for again is overdue then, so that it can't come due within a walk.
        """
        aged = {"link": "last_used", "known": "as_of", "happening": "at", "telling": "again"}
        for item in self.items():
            name = aged.get(item["kind"]["S"], "")
            if name in item:
                value = {"N": str(float(item[name]["N"]) - 3600)}
                self.client.put_item(TableName=TABLE, Item=item | {name: value})

    def forget_motion(self, account: str) -> None:
        for item in self.items():
            if item["kind"]["S"] == "happening" and item["pk"]["S"] == f"account#{account}":
                self.client.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})

    def items(self) -> list[dict[str, Any]]:
        return [item for page in self.client.get_paginator("scan").paginate(TableName=TABLE) for item in page["Items"]]


@contextmanager
def world(cameras: int, *, app_account: bool = True) -> Iterator[World]:
    """Two households. The first has a sub-account of the developer key, and an app account too if `app_account`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="showcam-bench-")))
        stack.enter_context(mock_aws())
        client = boto3.session.Session().client("dynamodb", region_name="eu-west-1")
        create_table(client, TABLE)
        boto.client.cache_clear()
        stack.callback(boto.client.cache_clear)
        boto3.setup_default_session(region_name="eu-west-1")
        stack.callback(setattr, boto3, "DEFAULT_SESSION", None)
        assert boto3.DEFAULT_SESSION is not None
        meter = Meter(boto3.DEFAULT_SESSION, client, TABLE)
        vendor = SimulatorProcess(folder, viewers=1000)
        stack.callback(vendor.stop)
        stack.enter_context(own_logging())
        at = stack.enter_context(assistants(authority.server_context(vendor.ca.parent), meter.spent))
        ServiceAccount(folder, f"https://{at}{TOKEN}")
        queue = boto3.client("sqs").create_queue(QueueName="reports")["QueueUrl"]
        environ = _environ(folder, vendor, stack.enter_context(_media()))
        environ |= {
            "SHOWCAM_ASSISTANTS_AT": at,
            "SHOWCAM_GOOGLE_SERVICE_ACCOUNT": str(folder / FILE),
            "SHOWCAM_REPORTS_QUEUE": queue,
        }
        stack.enter_context(changed(environ))
        made = World(load(), vendor, meter, client, {}, at)
        _settle(made, cameras, app_account=app_account)
        yield made


def _environ(folder: Path, vendor: SimulatorProcess, media_port: int) -> dict[str, str]:
    settings = {
        "DATA": str(folder / "showcam"),
        "STORE": "dynamodb",
        "TABLE": TABLE,
        "PUBLIC_URL": "https://home.example",
        "SIGN_UP": "anyone",
        "CONSOLE": "off",  # the page of many links has no history in its columns
        "MEDIA_PORT": str(media_port),
        "EZVIZ_AT": vendor.hosts,
        "EZVIZ_KEY": "fleet-key",
        "EZVIZ_SECRET": "fleet-secret",
        "EZVIZ_WEBHOOK_KEY": WEBHOOK_KEY,
        "LWA_CLIENT_ID": "amzn1.application-oa2-client.bench",
        "LWA_CLIENT_SECRET": "bench-lwa",
        "CA_FILE": str(vendor.ca),
        "OPENS_PER_MINUTE": "1000000",
        "REQUEST_S": str(LONG_S),
    }
    return {f"SHOWCAM_{name}": value for name, value in settings.items()}


def _settle(made: World, cameras: int, *, app_account: bool) -> None:
    base = ground.build(made.settings, key_files.read_or_make(made.settings.keys))
    for assistant in ("alexa", "google"):
        made.secrets[assistant] = clients.register(base.store, assistant, assistant, (REDIRECT,))
    for user in (USER, NEIGHBOUR):
        made.vendor.configure(fleet={"account": user, "cameras": cameras})
        # of another developer, so that it shares nothing with the first
        key = (None, None) if user == USER else ("near-key", "near-secret")
        account = sessions.add_owner(base.store, user, open_key=key[0], open_secret=key[1])
        if user == USER:
            serials = [row["serial"] for row in made.vendor.cameras().values() if row["owner"] == USER]
            sessions.keep_of(base.store, user, sub_account=_sub_account(made.vendor, serials))
        if app_account or user == NEIGHBOUR:
            [driver] = base.vendors
            assert isinstance(driver, ByPassword)
            verdict = driver.sign_in(user, PASSWORD, LONG_S)
            assert isinstance(verdict, SignedIn), verdict
            driver.sessions.signed_in(base.store.sources(account.id)[0], user, verdict.session)
    made.meter.take()


def _sub_account(vendor: SimulatorProcess, serials: list[str]) -> str:
    """Makes a sub-account at EZVIZ, as an integrator does for a household."""

    def call(path: str, **form: str) -> Any:
        url = f"https://{vendor.open_host}/api/lapp/{path}"
        answer = requests.post(url, data=form, verify=str(vendor.ca), timeout=LONG_S).json()
        assert answer["code"] == "200", answer
        return answer.get("data")

    token = call("token/get", appKey="fleet-key", appSecret="fleet-secret")["accessToken"]
    password = hashlib.md5(b"fleet-key#plain", usedforsecurity=False).hexdigest()
    made = str(call("ram/account/create", accessToken=token, accountName="household-1", password=password)["accountId"])
    resources = ",".join(f'"dev:{serial}"' for serial in serials)
    policy = f'{{"Statement":[{{"Permission":"GET,UPDATE,REAL","Resource":[{resources}]}}]}}'
    call("ram/policy/set", accessToken=token, accountId=made, policy=policy)
    return made


class _Accepting(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"sdp": "v=0\r\n", "session": "s", "live": 0}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _media() -> Iterator[int]:
    """The port of the media process's stand-in."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Accepting)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def changed(environ: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environ}
    os.environ.update(environ)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
