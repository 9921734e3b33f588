"""By which way a camera's picture is fetched: the one place that chooses."""

from registry.camera import Camera

# LAN first: it costs the vendor nothing and the picture never leaves the house. The app's cloud stream is last, since
# it is cut every half minute.
ORDER = ("lan", "open", "cloud")


def choose(camera: Camera) -> str | None:
    """None when no way to a picture exists. What is shared by another account its own key can't fetch."""
    if camera.owner == "shared":
        return None
    return next((way for way in ORDER if way in camera.ways), None)
