"""By which way a camera's picture is fetched: the one place that chooses."""

from registry.camera import Camera

# LAN first: it costs the vendor nothing and the picture never leaves the house.
ORDER = ("lan", "open")


# What lies in the way alone, so that another may do better.
ANOTHER = frozenset({"lan_unreachable", "code_wrong", "not_playable", "no_way", "too_large"})


def choose(camera: Camera, tried: tuple[str, ...] = ()) -> str | None:
    """None when no way is left. What is shared by another account its own key can't fetch."""
    if camera.owner == "shared":
        return None
    for way in ORDER:
        if way in camera.ways and way not in tried:
            return way
    return None
