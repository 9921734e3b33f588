"""Amazon's servers that a skill meets: Login with Amazon, the event gateway, the certificate chain of its signature."""

import base64
import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from simulator import authority
from simulator.assistants.event_gateway import EventGateway
from simulator.assistants.login_with_amazon import LoginWithAmazon
from simulator.state import Settings

SKILL_ID = "amzn1.ask.skill.demo"
SIGNER = "echo-api.amazon.com"
CHAIN = "/echo.api/echo-api-cert-{key}.pem"  # each key has an address of its own, under which a chain is kept


@dataclass(slots=True)
class Amazon:
    """`url` is its https address."""

    url: str
    data: Path
    settings: Settings = field(default_factory=Settings)
    login: LoginWithAmazon = field(init=False)
    _signer: authority.Signer | None = None

    def __post_init__(self) -> None:
        self.login = LoginWithAmazon(self.settings)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/auth/o2/token", self.login.token)
        app.router.add_get("/v1/alexaApiEndpoint", self.endpoint)
        app.router.add_post("/v3/events", EventGateway(self.login, self.settings).take)
        app.router.add_get(CHAIN, self.chain)

    async def endpoint(self, request: web.Request) -> web.Response:
        """The region of the customer."""
        if self.login.customer(request) is None:
            return web.json_response({"message": "The access token is not valid."}, status=401)
        return web.json_response({"endpoints": [self.url], "timestamp": int(time.time())})

    async def chain(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._own_signer().chain, content_type="application/x-pem-file")

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers that sign a custom-skill request."""
        key = self._own_signer().key
        signature = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
        return {"SignatureCertChainUrl": self.url + self._address(), "Signature-256": signature}

    def _address(self) -> str:
        return CHAIN.format(key=hashlib.sha256(self._own_signer().chain).hexdigest()[:12])

    def _own_signer(self) -> authority.Signer:
        if self._signer is None:
            self._signer = authority.signer(self.data, SIGNER)
        return self._signer
