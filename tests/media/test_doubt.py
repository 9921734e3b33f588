"""What keyframes that do not decode mean."""

import pytest

from showcam.engine.source import SourceFailed
from showcam.engine.sources.screen import SILENCE_S, Doubt


def test_a_key_is_not_called_wrong_for_one_keyframe_however_late_the_next_is() -> None:
    doubt = Doubt(encrypts=True, deciphers=True)
    doubt.add(0.0)
    doubt.check(100 * SILENCE_S)
    with pytest.raises(SourceFailed, match="code_wrong"):
        doubt.add(100 * SILENCE_S)


def test_a_keyframe_between_two_failures_clears_the_key() -> None:
    doubt = Doubt(encrypts=True, deciphers=True)
    doubt.add(0.0)
    doubt.end()
    doubt.add(1.0)
    with pytest.raises(SourceFailed, match="code_wrong"):
        doubt.add(2.0)


def test_without_a_key_one_keyframe_that_stays_alone_is_an_encrypted_camera() -> None:
    doubt = Doubt(encrypts=True)
    doubt.add(0.0)
    doubt.check(SILENCE_S)
    with pytest.raises(SourceFailed, match="encryption_on"):
        doubt.check(SILENCE_S + 0.1)
