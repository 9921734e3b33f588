"""A still that showcam fetches from its own media process, by the address that was granted."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from showcam.engine.client import LARGEST_STILL, MediaClient
from showcam.engine.fleet import Fleet, Listed
from showcam.engine.grants import Grants
from showcam.engine.messages import MediaUnavailable
from tests.net.test_jpeg import drawn

JPEG = drawn()
ANSWERS = {
    "/s/good.grant/snapshot.jpg": (200, JPEG),
    "/s/large/snapshot.jpg": (200, bytes(50_000_000)),
    "/s/over/snapshot.jpg": (410, b""),
}


class _Door(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return  # whoever asked reads no more

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(url: str, grants: Grants) -> MediaClient:
    return MediaClient(url, grants.proof(), public="https://cam.example")


def test_it_is_fetched_at_the_process_itself_whatever_the_public_address(client: MediaClient) -> None:
    assert client.still("https://cam.example/s/good.grant/snapshot.jpg", "a", "garden", 30) == JPEG


def test_so_it_is_from_one_of_several(client: MediaClient) -> None:
    fleet = Fleet(Listed([client]))
    assert fleet.still("https://cam.example/s/good.grant/snapshot.jpg", "a", "garden", 30) == JPEG


@pytest.mark.parametrize("grant", ["over", "large"])
def test_one_that_is_over_or_larger_than_any_is_none(client: MediaClient, grant: str) -> None:
    with pytest.raises(MediaUnavailable):
        client.still(f"https://cam.example/s/{grant}/snapshot.jpg", "a", "garden", 30)
    assert LARGEST_STILL < 50_000_000


def test_nor_is_there_one_while_nobody_answers(grants: Grants) -> None:
    nobody = MediaClient("http://127.0.0.1:9", grants.proof())
    with pytest.raises(MediaUnavailable):
        nobody.still("http://127.0.0.1:9/s/good.grant/snapshot.jpg", "a", "garden", 30)
