"""A stand-in for the media process that records its calls."""

from typing import Any

from showcam.engine.client import Answer
from showcam.engine.grants import Claims, Picture
from showcam.engine.messages import MediaUnavailable, NoPicture
from showcam.engine.source import SourceSpec


class ReadyPictures:
    """Settable: `error` (raised by `warm` and `answer`), `sdp` (the answer to an offer) and `unplayed` (why no camera's
    picture can be opened for an offer; cards can).
    """

    def __init__(self, at: str = "https://home.example") -> None:
        self.at = at
        self.error: Exception | None = None
        self.unplayed = ""
        self.sdp = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"
        self.warmed: list[tuple[Claims, Any]] = []  # with a source
        self.joined: list[Claims] = []  # by `warm`, without one
        self.flowing: dict[tuple[str, str], tuple[Picture, ...]] = {}  # by account and camera
        self.answered: list[tuple[Claims, Any, str, str]] = []  # claims, source, offer, replaces
        self.kept: list[Claims] = []
        self.timeouts: list[float | None] = []  # seconds, of `warm` and `answer`
        self.within: list[float | None] = []  # seconds, of `answer`
        self.ended: list[tuple[str, str]] = []  # link, name of the session; "" for all of the link

    def place(self, account: str, camera: str = "") -> str:
        return self.at

    def flows(self, account: str, camera: str, timeout_s: float | None = None) -> tuple[Picture, ...]:
        if isinstance(self.error, MediaUnavailable):
            raise self.error
        return self.flowing.get((account, camera), ())

    def warm(self, claims: Claims, source: SourceSpec | None, *, timeout_s: float | None = None) -> str:
        self.timeouts.append(timeout_s)
        if self.error is not None:
            raise self.error
        if source is None:
            self.joined.append(claims)
        else:
            self.warmed.append((claims, source))
        return self.at

    def answer(
        self,
        claims: Claims,
        source: SourceSpec | None,
        sdp: str,
        *,
        replaces: str = "",
        timeout_s: float | None = None,
        within_s: float | None = None,
    ) -> Answer:
        self.timeouts.append(timeout_s)
        self.within.append(within_s)
        if self.error is not None:
            raise self.error
        if self.unplayed and not claims.explains:
            raise NoPicture(self.unplayed)
        self.answered.append((claims, source, sdp, replaces))
        return Answer(self.at, self.sdp, "session-grant")

    def keep(self, claims: Claims) -> None:
        if self.error is not None:
            raise self.error
        self.kept.append(claims)

    def end_session(self, link: str, name: str, account: str = "") -> None:
        self.ended.append((link, name))

    def end_link(self, link: str, account: str = "") -> None:
        self.ended.append((link, ""))

    def live(self, account: str) -> int:
        claims = [*(claims for claims, _ in self.warmed), *(claims for claims, _, _, _ in self.answered)]
        return sum(claim.account == account for claim in claims)
