"""What functions ask of AWS beside the walk: a list that is news, Amazon's grant, a message of the vendor's webhook, a
sign-in that is cancelled, a skill that is disabled, an operator's calls, a household that its owner deletes."""

import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime

import requests

from scripts.deploy_local.steps import PASSWORD, REDIRECTS, STRANGER
from scripts.deploy_local.walk import Linking
from showcam.accounts.console_sessions import ConsoleSessions
from showcam.accounts.links import mint
from showcam.accounts.owner_users import OwnerUsers
from showcam.app.keys import Keys, derived
from showcam.store.dynamodb import DynamoStore
from showcam.store.sealing import Sealer
from tests.cloud.conftest import WEBHOOK_KEY, Deployed, Linked
from tests.doubles.aws_stack import add_home
from tests.doubles.events import operator_event, spoken
from tests.doubles.household import new_link
from tests.doubles.waiting import LONG_S

TABLE = "showcam-local"


def exercise(deployed: Deployed, linked: Linked) -> None:
    for name, listed in (("directives", linked.echo.discover), ("fulfillment", linked.display.sync)):
        _forget_the_list(deployed)
        _begin_again(deployed, name)
        assert len(listed()) == 7
    _grant(linked)
    _post_to_webhook(deployed)
    _cancel(deployed)
    _disable(deployed)
    _operate(deployed)
    _delete_an_owner(deployed)


def _forget_the_list(deployed: Deployed) -> None:
    """What is known of the household's cameras; a device that it has no longer stands beside them."""
    table = deployed.aws.client("dynamodb")
    for item in table.scan(TableName=TABLE)["Items"]:
        if item["kind"]["S"] == "known":
            table.delete_item(TableName=TABLE, Key={part: item[part] for part in ("pk", "sk")})
            device = {"sk": "device#gone", "kind": "device", "gsi1pk": "device#gone", "gsi1sk": "whose"}
            table.put_item(
                TableName=TABLE, Item={"pk": item["pk"]} | {name: {"S": value} for name, value in device.items()}
            )


def _begin_again(deployed: Deployed, name: str) -> None:
    deployed.set_environ(name, deployed.environ(name) | {"SHOWCAM_TEST_BEGAN": str(time.time())})


def _grant(linked: Linked) -> None:
    grant = {"grant": {"type": "OAuth2.AuthorizationCode", "code": "c"}, "grantee": linked.echo.scope}
    event = linked.echo.ask("Alexa.Authorization", "AcceptGrant", grant)
    assert event["header"]["name"] == "AcceptGrant.Response", event


def _post_to_webhook(deployed: Deployed) -> None:
    now = str(int(time.time() * 1000))
    header = {"deviceId": "F00000001", "messageId": "m", "type": "ys.alarm", "channelNo": 1, "messageTime": now}
    body = json.dumps({"header": header, "body": {"alarmType": "motiondetect"}}).encode()
    signed = hmac.digest(WEBHOOK_KEY.encode(), body + now.encode(), hashlib.sha1).hex()
    headers = {"Content-Type": "text/plain", "signature": signed, "t": now}
    place = deployed.place
    reply = requests.post(
        f"{place.web}/webhooks/ezviz", data=body, headers=headers, verify=str(place.authorities), timeout=LONG_S
    )
    assert reply.status_code == 200, reply.text


def _cancel(deployed: Deployed) -> None:
    """By a browser that still has the cookie of a sign-in before."""
    place = deployed.place
    linking = Linking(place.web, place.authorities, "alexa", place.secrets["alexa"], REDIRECTS["alexa"])
    page = linking.begin()
    linking.http.cookies.set("__Host-showcam-visit", secrets.token_urlsafe(32), secure=True)
    assert linking.cancel(page) == "access_denied"


def _delete_an_owner(deployed: Deployed) -> None:
    place = deployed.place
    linking = Linking(place.web, place.authorities, "alexa", place.secrets["alexa"], REDIRECTS["alexa"])
    linking.sign_in(STRANGER, PASSWORD)
    store = _store(deployed)
    (account,) = (account for account in store.accounts() if account.origin == "linking")
    assert store.put_owner_user(account.id, "k" * 64, b"a name and a hash")
    assert linking.delete().status_code == 200
    assert store.account(account.id) is None


def _disable(deployed: Deployed) -> None:
    """Of a link that nothing else here needs; its person spoke to the skill once."""
    store = _store(deployed)
    link = new_link(next(iter(store.accounts())), "alexa", None, "en")
    store.add_link(link)
    token, row = mint(link.id, "access", "cameras", time.time())
    assert store.add_tokens([row])
    skill, user = deployed.environ("directives")["SHOWCAM_ALEXA_SKILL_ID"], {"userId": "amzn1.ask.account.GONE"}
    assert deployed.invoke("directives", spoken(skill, user | {"accessToken": token}))["response"]
    at = datetime.fromtimestamp(time.time() + 5, UTC).isoformat()
    event = {"type": "AlexaSkillEvent.SkillDisabled", "requestId": "r", "timestamp": at}
    deployed.invoke("directives", spoken(skill, user) | {"request": event})
    ended = store.link(link.id)
    assert ended is not None
    assert ended.ended is not None


def _store(deployed: Deployed) -> DynamoStore:
    """The table as an operator without the keys reads it."""
    return DynamoStore(deployed.aws.client("dynamodb"), TABLE, Sealer([("test", secrets.token_bytes(32))]))


def _keys(deployed: Deployed) -> Keys:
    secret = deployed.environ("operators")["SHOWCAM_KEYS_SECRET"]
    held = deployed.aws.client("secretsmanager").get_secret_value(SecretId=secret)
    return derived([json.loads(held["SecretString"])["root"]])


def _operate(deployed: Deployed) -> None:
    """Each call, and at last the removal of a household that nothing else here needs."""
    store = _store(deployed)
    home = add_home(store, "removed@example.com")
    OwnerUsers(store).set(home.account.id, "removed", "barn door and two geese")
    sealed = DynamoStore(deployed.aws.client("dynamodb"), TABLE, Sealer(_keys(deployed).seal))
    ConsoleSessions(sealed).begin(account=home.account.id, user="removed@example.com", browser="Firefox")
    about = {"household": home.account.id}
    ended, left = home.link("alexa"), home.link("google")
    store.put_link_secret(ended.id, "amazon", b"tokens")
    for call in (
        {"call": "list", "most": 1},
        {"call": "show", "household": "removed@example.com"},
        {"call": "export"} | about,
        {"call": "end", "link": ended.id} | about,
        {"call": "remove", "sure": "yes"} | about,
    ):
        answer = deployed.invoke("operators", operator_event(call))
        assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["ended"] == [left.id]
    assert store.account(home.account.id) is None
