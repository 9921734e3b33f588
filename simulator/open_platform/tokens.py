"""Access tokens of the Open Platform: a new one for each call, valid seven days."""

import hmac
import secrets
from dataclasses import dataclass

from simulator.open_platform.wire import OpenError
from simulator.state import Account, SubAccount, World


@dataclass(frozen=True, slots=True)
class Token:
    account: Account
    issued: float
    expires: float
    sub: SubAccount | None = None


class Tokens:
    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, Token] = {}

    def issue(self, key: str, secret: str) -> tuple[str, Token]:
        if not key or not secret:
            raise OpenError("10001")
        account = next((known for known in self._world.accounts.values() if known.app_key == key), None)
        if account is None:
            raise OpenError("10017")
        if not hmac.compare_digest(account.app_secret.encode(), secret.encode()):
            raise OpenError("10030")
        return self._issue("at", account, None)

    def issue_to(self, account: Account, sub: SubAccount) -> tuple[str, Token]:
        return self._issue("ra", account, sub)

    def end(self, sub_id: str) -> None:
        self._tokens = {text: token for text, token in self._tokens.items() if not token.sub or token.sub.id != sub_id}

    def _issue(self, prefix: str, account: Account, sub: SubAccount | None) -> tuple[str, Token]:
        now = self._world.now()
        self._tokens = {text: token for text, token in self._tokens.items() if token.expires > now}
        text = f"{prefix}.{secrets.token_hex(16)}"
        token = self._tokens[text] = Token(account, now, now + self._world.settings.token_s, sub)
        return text, token

    def find(self, text: str) -> Token:
        if not text:
            raise OpenError("10001")
        token = self._tokens.get(text)
        if token is None or token.expires <= self._world.now():
            raise OpenError("10002")
        return token
