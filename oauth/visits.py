"""Who is signing in: a random cookie, known to the store by its hash, with what it stands for sealed at rest."""

import secrets
import time
from typing import Literal

import msgspec
from flask import Request, Response
from msgspec import Struct

from accounts.identity import id_from, token_hash
from store.ports import Store

VISIT_S = 600
CODE_S = 300


class Visit(Struct, frozen=True):
    """`code`: the vendor wants its code; `signed`: in; `done`: consent was given to the request named.

    A visit comes to one link. When it is done it is kept for the rest of its time, to tell another window what became
    of it.
    """

    step: Literal["code", "signed", "done"]
    user: str
    expires: float
    account: str = ""
    pending: bytes = b""  # what the sign-in goes on with; opaque
    hint: str = ""  # where the vendor sent its code
    offered: tuple[str, ...] | None = None  # camera ids as last shown to be ticked
    link: str = ""
    request: str = ""
    agreed: float = 0.0  # when, epoch s


_decoder = msgspec.msgpack.Decoder(Visit)


class Visits:
    def __init__(self, store: Store, secure: bool) -> None:
        self._store = store
        self._secure = secure
        self.cookie = "__Host-showcam-visit" if secure else "showcam-visit"

    def read(self, request: Request) -> Visit | None:
        key = self._key(request)
        data = self._store.visit(key, time.time()) if key else None
        try:
            return _decoder.decode(data) if data else None
        except msgspec.MsgspecError:
            return None  # written by another version

    def begin(self, request: Request, response: Response, visit: Visit) -> None:
        """Always under a new cookie: one that was there before the sign-in is worth nothing after it."""
        if key := self._key(request):
            self._store.drop_visit(key)
        text = secrets.token_urlsafe(32)
        self._store.put_visit(token_hash(text), msgspec.msgpack.encode(visit), visit.expires)
        response.set_cookie(
            self.cookie,
            text,
            max_age=max(1, round(visit.expires - time.time())),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )

    def keep(self, request: Request, visit: Visit) -> None:
        """The same visit, further on."""
        if key := self._key(request):
            self._store.put_visit(key, msgspec.msgpack.encode(visit), visit.expires)

    def end(self, request: Request, response: Response) -> None:
        if key := self._key(request):
            self._store.drop_visit(key)
            response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")

    def claim(self, request: Request, visit: Visit) -> bool:
        """Whether this is the one request that may make the visit's link; True once, also of parallel ones."""
        # in the window that holds the visit's end, so that no border lies before it
        return self._store.hit(f"agree:{self._key(request)}", VISIT_S, visit.expires) == 1

    def link_id(self, request: Request) -> str:
        """The id of the one link that the visit may come to."""
        return id_from(request.cookies.get(self.cookie, ""))

    def _key(self, request: Request) -> str | None:
        text = request.cookies.get(self.cookie, "")
        return token_hash(text) if 20 <= len(text) <= 100 and text.isascii() else None


def fingerprint(request: Request) -> str:
    """Of what is asked, to know it again."""
    return token_hash(request.query_string.decode())
