import pytest

from showcam.logs import redact


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("token sca.abcdefgh.q1w2e3r4t5y6u7i8o9p0 used", "q1w2e3r4"),
        ("GET /s/WyJhIiwiYiJd.c2lnbmF0dXJlLXRhZw/master.m3u8", "c2lnbmF0dXJl"),
        ("POST /google/webrtc/WyJhIiwiYiJd.c2lnbmF0dXJlLXRhZw", "c2lnbmF0dXJl"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("rtsp://admin:ABCDEF@10.0.0.1/101", "ABCDEF"),
        ("/callback?code=s3cret&state=xyz", "s3cret"),
    ],
)
def test_what_looks_like_a_secret_of_ours_is_not_written(text: str, hidden: str) -> None:
    assert hidden not in redact(text)
    assert redact("nothing to hide") == "nothing to hide"
