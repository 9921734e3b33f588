"""What a keyframe that does not decode means: nothing, until it was set against another one."""

from media.plane.codec.units import SourceFailed

ANOTHER_S = 5.0  # how long another keyframe is waited for


class Doubt:
    """Times are monotonic seconds.

    `encrypts`: the camera's vendor has a setting that garbles pictures. `deciphers`: a key was given against that.
    """

    def __init__(self, *, encrypts: bool, deciphers: bool = False, another_s: float = ANOTHER_S) -> None:
        self._means = "code_wrong" if deciphers else "encryption_on" if encrypts else "not_playable"
        self._another_s, self._deciphers = another_s, deciphers
        self._since: float | None = None
        self.is_shown = False  # a picture of this opening was whole: what garbles later ones is no setting

    def end(self) -> None:
        """A keyframe was whole."""
        self._since = None

    def add(self, now: float) -> None:
        """A keyframe did not decode. Raises SourceFailed if the one before did not either."""
        if self._since is not None:
            raise self._failure()
        self._since = now

    def check(self, now: float) -> None:
        """Raises SourceFailed if no other keyframe came to compare it with.

        A key is not judged so: one keyframe may be damaged, and a right code must not be called wrong for that.
        """
        if not self._deciphers and self._since is not None and now - self._since > self._another_s:
            raise self._failure()

    def _failure(self) -> SourceFailed:
        if self.is_shown:
            return SourceFailed("media_down", again=True)
        return SourceFailed(self._means, again=False)
