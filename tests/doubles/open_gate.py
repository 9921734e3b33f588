"""The Sources of a picture process whose gate is open: everybody may see everything for as long as they like."""

from showcam.engine.grants import Claims
from showcam.engine.source import Codec, Denied, Ending, Lease, SourceSpec, TalkPhase


class OpenGate:
    """Whoever takes it adds `open`, which hands out a camera."""

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        return [None for _ in claims]

    async def still(self, claims: Claims) -> bytes | Denied | None:
        return None

    async def admits(self, claims: Claims, bearer: str) -> bool:
        return False

    async def learnt(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        codec: Codec,
        b_frames: bool,
        lacks_sub: bool,
        first_s: float | None,
    ) -> None:
        pass

    async def talk(self, claims: Claims, phase: TalkPhase, reason: str = "") -> SourceSpec | Denied:
        return Denied("talk_off")

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        pass

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        raise AssertionError("what it hands out takes nothing back")
