"""By which way a camera's picture is fetched: the one place that chooses."""

from registry.camera import UNASKED, Camera

# LAN first: it costs the vendor nothing and the picture never leaves the house. The account's own cloud stream asks
# nothing of its owner, but is slower to begin and an open connection.
ORDER = ("lan", "open", "cloud")

# Ways that bring one picture, whichever is asked for: all who watch share it.
ONE_PICTURE = frozenset({"cloud"})

OPEN_AIR = frozenset({"cloud"})  # ways whose pictures cross the internet as they are

# What lies in the way alone, so that another may do better.
ANOTHER = frozenset({"lan_unreachable", "lan_closed", "code_wrong", "not_playable", "no_way", "too_large", "busy"})

_NOT_SHARED = frozenset({"open"})  # what another account shares its own key can't fetch


def choose(camera: Camera, tried: tuple[str, ...] = ()) -> str | None:
    """None when no way is left."""
    for way in ORDER:
        barred = camera.owner == "shared" and way in _NOT_SHARED
        if way in camera.ways and way not in tried and not barred:
            return way
    return None


def may_be_overheard(camera: Camera) -> bool:
    """Whether its best way is one whose pictures cross the internet as they are: its owner is told, and must agree."""
    way = choose(camera)
    return way in OPEN_AIR or (way is None and UNASKED in camera.ways)
