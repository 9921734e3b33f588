"""Pictures for Alexa's VideoApp, which plays at most 1280×720 and wants a sound track."""

from registry.camera import Refusal, StreamRequest, Video
from registry.gate import Surface, overruled
from registry.judging import Open
from registry.listing import Readings

WIDEST, HIGHEST = 1280, 720
SCALED = "video_scaled"  # a surface of grants alone: the media process makes the picture smaller

# The gate's row for each surface a grant may be for.
GATE: dict[str, Surface] = {
    "alexa": "alexa",
    "google": "google",
    "page": "page",
    "video": "alexa",
    SCALED: "alexa",
}


def fitted(request: StreamRequest, opened: Open, readings: Readings) -> str | Refusal:
    """The surface as the grant will name it. A picture too large is scaled where the camera's owner allows it."""
    if request.surface != "video" or _fits(opened.seen.camera.video):
        return request.surface
    camera = opened.seen.camera
    preferences = readings.preferences(opened.seen.account.id).get(camera.id)
    if preferences is not None and preferences.scaled:
        return SCALED
    # how large it is may turn out only when it plays; the media process refuses it then
    return "video" if camera.video.width == 0 else overruled("too_large", camera)


def _fits(video: Video) -> bool:
    return 0 < video.width <= WIDEST and 0 < video.height <= HIGHEST
