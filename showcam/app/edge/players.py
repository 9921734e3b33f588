"""Opens cameras for the household's own programs, at addresses that stay: /players/{key}/{camera}/live.m3u8.

Such an address leads, by a redirect, to a grant of the media process. A player of HLS asks there for its lists as long
as it watches, and the gate's check renews its session. A program that begins again gets another grant. Next to it are
`whep` for WebRTC and `snapshot.jpg` for a still. Only the house gets an answer, as for the console.
"""

import re
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import WSGIEnvironment

import structlog

from showcam.accounts.attempts import TRIES, WINDOW_S
from showcam.accounts.players import Player, Players
from showcam.app.http_types import Refuse, Request, Response, problem
from showcam.console.look.reach import from_house, host_of
from showcam.drivers.camera import Refusal, Snapshot, Stream, StreamRequest
from showcam.engine.messages import Knocked, Played
from showcam.i18n.catalogue import chosen
from showcam.net.addresses import PEER, in_url, is_in_house
from showcam.registry.gate.gate import H265, not_found
from showcam.registry.gate.reasons import explain
from showcam.registry.owner.owner import Owner
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import token_hash

log = structlog.get_logger()
AGAIN = "10"  # seconds until a refused program may ask again: six times a minute, as a link may
_CROWDED = frozenset({"too_often", "household_full", "machine_full", "busy"})
_CAMERA = re.compile(r"[a-z]+-[a-zA-Z0-9_-]{1,40}")
# a page of another origin in the house may show a player's camera, as a page of the media process's grants may
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Type"),
    ("X-Content-Type-Options", "nosniff"),
]

type Way = Literal["hls", "webrtc", "still"]
_WAYS: dict[tuple[str, str], Way] = {
    ("GET", "live.m3u8"): "hls",
    ("POST", "whep"): "webrtc",
    ("GET", "snapshot.jpg"): "still",
}


class PlayerDoor:
    """`media_port`: of this machine. `names` and `exposed` as showcam.console.look.reach takes them."""

    def __init__(
        self, store: Store, players: Players, owner: Owner, names: tuple[str, ...], *, exposed: bool, media_port: int
    ) -> None:
        self._store, self._players, self._owner = store, players, owner
        self._names, self._exposed, self._media_port = names, exposed, media_port

    def answer(self, request: Request) -> Response:
        if not self._is_from_house(request.environ):
            raise Refuse(_nothing())
        if request.method == "OPTIONS":
            return Response(204, b"", _HEADERS)
        try:
            return self._answer(request)
        except StoreUnavailable:
            log.warning("the store can't be reached", reason="store")
            return _refused(503, "The store can't be reached just now", "Ask again in a moment.")

    def _answer(self, request: Request) -> Response:
        key, _, rest = request.rest.partition("/")
        camera, _, what = rest.partition("/")
        player = self._players.find(key)
        if player is None:
            return self._wrong(request)
        way = _WAYS.get((request.method, what))
        if way is None:
            return _nothing()
        asked = parse_qs(request.environ.get("QUERY_STRING", "")).get("codecs", [""])[0]
        untouched = way == "hls" and "hvc1" in asked.split(",")
        found = self._opened(player, camera, way, untouched=untouched)
        if isinstance(found, Refusal):
            return _explained(found, request.header("Accept-Language") or "")
        # with 307 a WHEP client posts its offer again (as RFC 9725, 4.6, says for WHIP); 302 is for GET
        status = 307 if way == "webrtc" else 302
        at = f"{self._media(request.environ)}{urlsplit(found.url).path}{'?codecs=hvc1' if untouched else ''}"
        return Response(status, b"", [("Location", at), *_HEADERS])

    def _wrong(self, request: Request) -> Response:
        """Answers a wrong or ended key. Right keys from the same address go on."""
        key = f"showcam/players/{token_hash(request.network)[:32]}"
        taken, _ = self._store.take_place(key, TRIES, WINDOW_S, self._players.now())
        if not taken:
            return _refused(429, "Too many wrong keys", "Wait 15 minutes.")
        log.info("a wrong key of a player was refused")
        return _nothing()

    def _opened(self, player: Player, camera: str, way: Way, *, untouched: bool) -> Stream | Snapshot | Refusal:
        found: Stream | Snapshot | Refusal
        if not _CAMERA.fullmatch(camera):
            return not_found()
        if way == "still":
            found = self._owner.still(player.account, player.id, camera)
        else:
            asked = StreamRequest("player", (way, H265) if untouched else (way,))
            found = self._owner.open_stream(player.account, player.id, camera, asked)
        if not isinstance(found, Refusal):
            self._players.used(player)
        return found

    # for the media process, whose RTSP server has checked the player's key

    def knocked(self, name: str) -> Knocked:
        player = self._players.named(name)
        # RFC 7616 hashes the user name as it was typed
        is_same = player is not None and player.name == name
        return Knocked(player=player.id, ha1=player.ha1) if player and is_same else Knocked(player="", ha1="")

    def played(self, player_id: str, camera: str) -> Played:
        player = self._players.of_id(player_id)
        if player is None:
            return Played(grant="", reason="link_ended", words="This player has ended.")
        found = self._opened(player, camera, "hls", untouched=True)
        if isinstance(found, Refusal):
            return Played(grant="", reason=found.reason, words=explain(found))
        return Played(grant=urlsplit(found.url).path.split("/")[2], reason="", words="")

    # the house, and the origin of video

    def _is_from_house(self, environ: WSGIEnvironment) -> bool:
        """Whether the house asks, maybe through a trusted proxy that names an address of the house.

        A program on this machine uses the machine's address in the house once a public address leads here.
        """
        if from_house(environ, self._names, exposed=self._exposed):
            return True
        address = environ.get("REMOTE_ADDR", "")
        return PEER in environ and environ[PEER] != address and is_in_house(address)

    def _media(self, environ: WSGIEnvironment) -> str:
        """The origin of video for the program; "" behind a proxy, which leads /s/ to the media process."""
        if PEER in environ:
            return ""
        return f"http://{in_url(host_of(environ['HTTP_HOST']))}:{self._media_port}"


def _explained(refusal: Refusal, languages: str) -> Response:
    reason = refusal.reason
    status = 404 if reason == "not_found" else 429 if reason in _CROWDED else 503
    language = chosen(tag.partition(";")[0] for tag in languages.split(","))
    return _refused(status, HTTPStatus(status).phrase, explain(refusal, language), again=status != 404)


def _nothing() -> Response:
    return _refused(404, "There is nothing here", "The page of players has the addresses.")


def _refused(status: int, title: str, detail: str, *, again: bool = False) -> Response:
    made = problem(status, title, detail)
    more = [("Retry-After", AGAIN)] if again or status == 503 else []
    return Response(status, made.body, [*made.headers, *_HEADERS, *more])
