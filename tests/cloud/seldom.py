"""What functions ask of AWS beside the walk: a list that is news, Amazon's grant, a message of the vendor's webhook."""

import hashlib
import hmac
import json
import time
from pathlib import Path

import requests

from deploy_local.front import Authority
from tests.cloud.conftest import Deployed, Linked
from tests.doubles.tls_vendor import Vendors, answer

KEY = "webhook-of-the-tests"
TABLE = "showcam-local"


def ask(deployed: Deployed, linked: Linked, folder: Path) -> None:
    for name, listed in (("directives", linked.echo.discover), ("fulfillment", linked.display.sync)):
        _forget_the_list(deployed)
        _begin_anew(deployed, name)
        assert len(listed()) == 7
    _grant(deployed, linked, folder)
    _tell_by_webhook(deployed)


def _forget_the_list(deployed: Deployed) -> None:
    """What is known of the household's cameras; a device that it has no longer stands beside them."""
    table = deployed.aws.client("dynamodb")
    for item in table.scan(TableName=TABLE)["Items"]:
        if item["kind"]["S"] == "known":
            table.delete_item(TableName=TABLE, Key={part: item[part] for part in ("pk", "sk")})
            device = {"sk": "device#gone", "kind": "device", "gsi1pk": "device#gone", "gsi1sk": "whose"}
            table.put_item(
                TableName=TABLE, Item={"pk": item["pk"]} | {name: {"S": each} for name, each in device.items()}
            )


def _begin_anew(deployed: Deployed, name: str, **settings: str) -> None:
    more = {f"SHOWCAM_{each.upper()}": value for each, value in settings.items()}
    deployed.set_environ(name, deployed.environ(name) | {"SHOWCAM_TEST_BEGAN": str(time.time())} | more)


def _grant(deployed: Deployed, linked: Linked, folder: Path) -> None:
    authority, trusted = Authority(folder), folder / "trusted.pem"
    trusted.write_bytes(deployed.place.authorities.read_bytes() + authority.pem.read_bytes())
    amazon = Vendors(authority.pem, authority.context)
    tokens = {"access_token": "Atza|a", "refresh_token": "Atzr|r", "expires_in": 3600}
    told = amazon.answering(lambda *_: answer(json.dumps(tokens).encode()))
    before = deployed.environ("directives")
    login = {"amazon_at": told.host, "lwa_client_id": "amzn1.application-oa2-client.x", "lwa_client_secret": "s"}
    try:
        _begin_anew(deployed, "directives", ca_file=str(trusted), **login)
        grant = {"grant": {"type": "OAuth2.AuthorizationCode", "code": "c"}, "grantee": linked.echo.scope}
        event = linked.echo.ask("Alexa.Authorization", "AcceptGrant", grant)
        assert event["header"]["name"] == "AcceptGrant.Response", event
    finally:
        deployed.set_environ("directives", before)
        amazon.end()


def _tell_by_webhook(deployed: Deployed) -> None:
    before = deployed.environ("web")
    try:
        _begin_anew(deployed, "web", ezviz_webhook_key=KEY)
        now = str(int(time.time() * 1000))
        header = {"deviceId": "F00000001", "messageId": "m", "type": "ys.alarm", "channelNo": 1, "messageTime": now}
        body = json.dumps({"header": header, "body": {"alarmType": "motiondetect"}}).encode()
        signed = hmac.digest(KEY.encode(), body + now.encode(), hashlib.sha1).hex()
        headers = {"Content-Type": "text/plain", "signature": signed, "t": now}
        place = deployed.place
        told = requests.post(
            f"{place.web}/webhooks/ezviz", data=body, headers=headers, verify=str(place.authorities), timeout=30
        )
        assert told.status_code == 200, told.text
    finally:
        deployed.set_environ("web", before)
