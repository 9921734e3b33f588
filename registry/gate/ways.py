"""By which way a camera's picture is fetched: the one place that chooses."""

from collections.abc import Mapping, Set

from registry.camera import UNASKED, Camera
from registry.preferences import WhileEncrypted

# LAN first: it costs the vendor nothing and the picture never leaves the house. The account's own cloud stream asks
# nothing of its owner, but is slower to begin and an open connection. "local" is a camera's own protocol at home, which
# its owner chose since the cloud brought nothing.
ORDER = ("lan", "open", "local", "cloud")

# Ways that bring one picture, whichever is asked for: all who watch share it.
ONE_PICTURE = frozenset({"cloud", "local"})

OPEN_AIR = frozenset({"cloud"})  # ways whose pictures cross the internet as they are

# What lies in the way alone, so that another may do better.
ANOTHER = frozenset(
    {
        "lan_unreachable",
        "lan_closed",
        "key_server_changed",
        "code_wrong",
        "not_playable",
        "no_way",
        "silent",
        "not_permitted",
        "too_large",
        "busy",
    }
)

# Ways that show a camera while its Image Encryption is on, by what its owner decided. RTSP at home is clear; what the
# account's cloud stream or the camera's own protocol brings is deciphered here.
EXCEPTED: Mapping[WhileEncrypted, frozenset[str]] = {
    "no": frozenset(),
    "lan": frozenset({"lan"}),
    "code": frozenset({"lan", "local", "cloud"}),
}

_CLEAR = frozenset({"off", "none"})  # values of Image Encryption
_NOT_SHARED = frozenset({"open"})  # what another account shares its own key can't fetch


def choose(camera: Camera, tried: tuple[str, ...] = (), while_encrypted: WhileEncrypted = "no") -> str | None:
    """None when no way is left. A way that shows an encrypted camera comes before one that does not."""
    barred: Set[str] = _NOT_SHARED if camera.owner == "shared" else frozenset()
    left = [way for way in ORDER if way in camera.ways and way not in tried and way not in barred]
    if camera.encryption not in _CLEAR:
        left = [way for way in left if way in EXCEPTED[while_encrypted]] or left
    return left[0] if left else None


def shows_by_code(camera: Camera) -> bool:
    """Whether it has a way that shows an encrypted picture by its code, once its owner agrees to that way."""
    return UNASKED in camera.ways or not EXCEPTED["code"].isdisjoint(camera.ways)


def may_be_overheard(camera: Camera) -> bool:
    """Whether its best way is one whose pictures cross the internet as they are: its owner must agree."""
    way = choose(camera)
    return way in OPEN_AIR or (way is None and UNASKED in camera.ways)
