"""Fetches a still that a camera makes itself, by HTTP in the house: no video has to be pulled and decoded for it."""

from urllib.parse import urlsplit

from showcam.engine.rtsp.login import Login, challenge
from showcam.net.exchange import NotAllowed, Unreached
from showcam.net.house import Answer, HouseHttp

_JPEG = b"\xff\xd8\xff"


class NoStill(Exception):
    """The camera gave no still. `refused`: the camera does not accept this user and password for a still."""

    def __init__(self, *, refused: bool = False) -> None:
        super().__init__("no still")
        self.refused = refused


def fetch(url: str, user: str, password: str, *, loopback: bool, within_s: float) -> bytes:
    """A still as JPEG. User and password go only by Digest, once. No redirect is followed. Raises NoStill."""
    http = HouseHttp(loopback=loopback)
    answer = _ask(http, url, within_s)
    if answer.status == 401:
        wanted = challenge(list(answer.headers.get("www-authenticate", ())))
        login = Login(user, password, basic=False)
        if wanted is None or not login.may(wanted):
            raise NoStill(refused=True)
        login.take(wanted)
        answer = _ask(http, url, within_s, login)
    if answer.status != 200 or not answer.body.startswith(_JPEG):
        raise NoStill(refused=answer.status == 401)
    return answer.body


def _ask(http: HouseHttp, url: str, within_s: float, login: Login | None = None) -> Answer:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    signature = login.sign("GET", path) if login else None
    headers = {"Authorization": signature} if signature else {}
    try:
        return http.ask("GET", parts.hostname or "", parts.port or 80, path, within_s, headers=headers)
    except (NotAllowed, Unreached):
        raise NoStill from None
