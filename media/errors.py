"""Why a media process did not do what the other processes wanted of it."""


class MediaUnavailable(Exception):
    """The media process could not start the stream."""


class NoPicture(MediaUnavailable):
    """The camera's picture could not be had; `reason` is the registry's word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no picture: {reason}")
        self.reason = reason


class SessionOver(MediaUnavailable):
    """What the grant or the name stands for was ended; only another grant opens the camera."""


class MediaGone(MediaUnavailable):
    """Nobody answered in time, or nobody who knows us; another media process may do."""


class MediaLate(MediaGone):
    """The media process may be there: it had too little time to answer."""


class MediaBusy(Exception):
    """A limit of live streams is reached."""


class MediaFull(MediaBusy):
    """The limit of this media process; another may have room."""


class BadOffer(Exception):
    """The text is no SDP offer, or the offer takes no codec that can be sent."""
