"""Sub-accounts of a developer's key (RAM): each with tokens of its own and the cameras it was given."""

import re
import secrets

from aiohttp import web

from simulator.open_platform.settings import rights
from simulator.open_platform.tokens import Tokens
from simulator.open_platform.wire import Call, OpenError, answer
from simulator.state import SubAccount

_NAME = re.compile(r"[A-Za-z0-9_-]{4,40}")
_MD5 = re.compile(r"[0-9a-f]{32}")


class SubAccounts:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def create(self, call: Call) -> web.Response:
        name, password = call.text("accountName"), call.text("password")
        if not _NAME.fullmatch(name) or not _MD5.fullmatch(password):
            raise OpenError("10001")
        subs = call.developer().subs
        if any(sub.name == name for sub in subs.values()):
            raise OpenError("10034")
        sub = SubAccount(secrets.token_hex(16), name)
        subs[sub.id] = sub
        return answer({"accountId": sub.id})

    def get(self, call: Call) -> web.Response:
        sub = self._named(call)
        return answer({"accountId": sub.id, "accountName": sub.name, "accountStatus": 1})

    def listed(self, call: Call) -> web.Response:
        return call.paged([{"accountId": sub.id, "accountName": sub.name} for sub in call.developer().subs.values()])

    def delete(self, call: Call) -> web.Response:
        sub = self._named(call)
        del call.developer().subs[sub.id]
        self._tokens.end(sub.id)
        return answer()

    def set_policy(self, call: Call) -> web.Response:
        self._named(call).serials = tuple(rights(call.text("policy")))
        return answer()

    def add_statement(self, call: Call) -> web.Response:
        sub = self._named(call)
        sub.serials += tuple(rights(f'{{"Statement":[{call.text("statement")}]}}'))
        return answer()

    def delete_statement(self, call: Call) -> web.Response:
        sub, serial = self._named(call), call.text("deviceSerial")
        sub.serials = tuple(known for known in sub.serials if known != serial)
        return answer()

    def token(self, call: Call) -> web.Response:
        text, token = self._tokens.issue_to(call.developer(), self._named(call))
        area = f"https://{call.host}"
        return answer({"accessToken": text, "expireTime": int(token.expires * 1000), "areaDomain": area})

    @staticmethod
    def _named(call: Call) -> SubAccount:
        sub = call.developer().subs.get(call.text("accountId"))
        if sub is None:
            raise OpenError("10032")
        return sub
