"""What an assistant was told of a link, as the store keeps it, and what a call of its reporter made of that."""

import msgspec
from msgspec.structs import replace

from registry.telling.reporter import Happened, Told, ToldOf
from store.telling_ports import LOOK, Claim

ALL = "all"  # in a camera's place in a row that a person has put back: the whole link is told again

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Told)


def before(claim: Claim) -> Told | None:
    """What the assistant was told; of a camera that is to be told whole only when that was."""
    if claim.told is None:
        return None
    try:
        told = _decoder.decode(claim.told)
    except msgspec.MsgspecError:
        return None  # written by another version: all is told
    whole = {row.subject for row in claim.rows if row.kind == LOOK and row.subject}
    return Told(
        {camera: ToldOf(turn=known.turn) if whole & {camera, ALL} else known for camera, known in told.cameras.items()}
    )


def kept(claim: Claim, was: Told | None, told: Told) -> bytes | None:
    """To be kept, with the turn at each camera that changed; None where nothing did."""
    were = was.cameras if was else {}
    now: dict[str, ToldOf] = {}
    for camera, of in told.cameras.items():
        known = were.get(camera)
        is_same = known is not None and known == replace(of, turn=known.turn)
        now[camera] = known if known is not None and is_same else replace(of, turn=claim.turn + 1)
    return None if was is not None and were == now else _encoder.encode(Told(now))


def what_was_told(was: Told | None, told: Told, happened: tuple[Happened, ...]) -> str:
    """In few words, for a list of links; "" where nothing was told."""
    were = was.cameras if was else {}
    now = told.cameras
    counts = {
        "gone": len(were.keys() - now.keys()),
        "listed": sum(known.listed != were.get(camera, ToldOf()).listed for camera, known in now.items()),
        "changed": sum(known.states != were.get(camera, ToldOf()).states for camera, known in now.items()),
        **{kind: sum(event.kind == kind for event in happened) for kind in ("doorbell", "person", "motion")},
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)
