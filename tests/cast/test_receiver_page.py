"""The receiver page as a web process serves it."""

import pytest
from flask import Flask

from showcam.cast import receiver_page


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/receiver", 200, "text/html"),
        ("/receiver/receiver.js", 200, "text/javascript"),
        ("/receiver/picture.js", 200, "text/javascript"),
        ("/receiver/on_cast.js", 200, "text/javascript"),
        ("/receiver/receiver.css", 200, "text/css"),
        ("/receiver/nothing.js", 404, ""),
        ("/receiver/..%2freceiver_page.py", 404, ""),
        ("/receiver/../receiver_page.py", 404, ""),
    ],
)
def test_it_serves_its_parts_and_nothing_else(path: str, status: int, kind: str) -> None:
    app = Flask("page", static_folder=None)
    app.register_blueprint(receiver_page.blueprint())
    answer = app.test_client().get(path)
    assert answer.status_code == status
    if status == 200:
        assert answer.mimetype == kind
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "Set-Cookie" not in answer.headers
    answer.close()
