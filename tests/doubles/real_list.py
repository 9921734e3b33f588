"""A real account's device list, of which the project holds no copy, as EZVIZ's app API answers with it.

Filled in is what the list lacks (the README beside it says why): the digest of the code on the label, each dispatcher's
address and key, and the parameters of a stream's address.
"""

import base64
import copy
import hashlib
import itertools
import json
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.doubles.needs import REAL_LIST_FILE
from tests.doubles.tls_vendor import answer

CODE = "ABCDEF"
USER, PASSWORD = "kari@example.com", "showcam-demo"
# a JWT, of which a client reads the claim that signs its request for stream tokens
_SESSION = f"head.{base64.urlsafe_b64encode(b'{"s": "sign"}').decode().rstrip('=')}.tag"
_LOGIN = {
    "loginSession": {"sessionId": _SESSION, "rfSessionId": "r" * 32},
    "loginUser": {"username": USER, "userId": "1"},
}


def page(*, owned: bool) -> dict[str, Any]:
    """The whole list. `owned`: as the account that owns every device would get it; most are shared otherwise."""
    listed: dict[str, Any] = copy.deepcopy(json.loads(REAL_LIST_FILE.read_text()))
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    for status in listed["STATUS"].values():
        status["encryptPwd"] = _md5(_md5(CODE))
    for dispatcher in listed["VTM"].values():
        dispatcher |= {"domain": "", "externalIp": "127.0.0.1", "publicKey": {"key": public, "version": 1}}
    for row in listed["resourceInfos"]:
        row["streamBizUrl"] = "biz=1"
        if owned:
            row |= {"shareType": 0, "permission": -1}
    return listed


class RealList:
    """The app API of one account with that list: signing in, the requested sections, stream tokens, switches."""

    def __init__(self, *, owned: bool) -> None:
        self._listed = page(owned=owned)
        self._tokens = itertools.count(1)

    def reply(self, request: str, _body: bytes, headers: dict[str, str]) -> bytes:
        path, _, query = request.partition(" ")[2].partition("?")
        if path == "/v3/users/login/v5":
            return _ok(**_LOGIN, loginArea={"apiDomain": headers["host"]})
        if path == "/v3/configurations/system/info":
            addresses = {"sysConf": "|".join("0" * 20), "authAddr": f"https://{headers['host']}"}
            return _ok(systemConfigInfo=addresses)
        if path == "/vtdutoken2":
            return answer(json.dumps({"retcode": 0, "msg": "", "tokens": [f"ut.{next(self._tokens)}"]}).encode())
        if (switched := _SWITCHED.fullmatch(path)) and request.startswith("PUT "):
            serial, channel, enable, kind = switched.groups()
            for row in self._listed["SWITCH"][serial]:
                if (row["channelNo"], row["type"]) == (int(channel), int(kind)):
                    row["enable"] = enable == "1"
            return _ok()
        if path != "/v3/userdevices/v1/resources/pagelist":
            return answer(b"{}", "404 Not Found")
        wanted = {"page", "deviceInfos", "resourceInfos", *_sections(query)}
        return _ok(**{name: value for name, value in self._listed.items() if name in wanted})


_SWITCHED = re.compile(r"/v3/devices/(\w+)/(\d+)/([01])/(\d+)/switchStatus")


def _sections(query: str) -> list[str]:
    parameters = dict(pair.partition("=")[::2] for pair in query.split("&"))
    return parameters["filter"].replace("%2C", ",").split(",")


def _ok(**data: Any) -> bytes:
    return answer(json.dumps({"meta": {"code": 200, "message": "", "moreInfo": {}}, **data}).encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
