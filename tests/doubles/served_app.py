"""The pages of a showcam in this process, over HTTP. A started program serves them by showcam's own web server."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Its address."""
    server = make_server("127.0.0.1", 0, _whole(app), threaded=True)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _whole(app: WSGIApplication) -> WSGIApplication:
    """Closes an answer's file itself: werkzeug's server leaves it open where a browser goes away in the middle."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        with closing(ClosingIterator(app(environ, start))) as parts:
            return list(parts)

    return answer
