"""The schemas of Amazon and Google are fetched as pinned, within their time, or not at all."""

import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from scripts import schemas
from scripts.schemas import AMAZON, GOOGLE, NotFetched, Publisher, fetch, folder, main
from tests.doubles.loopback_server import LoopbackServer, SilentHandler
from tests.doubles.needs import AMAZONS, GOOGLES
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.waiting import LONG_S

pytestmark = [
    pytest.mark.process,  # git's
    pytest.mark.proves(
        "`make test` fetches the schemas of Amazon and Google as pinned, in ten seconds or not at all",
        leans_on="second stack: git's own HTTP server",
    ),
]

ROOT = Path(__file__).parents[2]
TEXTS = {
    "intents/sync.json": b'{"title": "SyncResponse"}',
    "validation_schemas/messages.json": b'{\n  "enum": [\n    1,\n    2\n  ],\n}\n',  # which does not parse
}
REPOSITORY = "publisher/its-schemas"


def git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


PUBLISHER = Publisher(
    "Somebody",
    REPOSITORY,
    "somebody",
    {path: git_id(text) for path, text in TEXTS.items()},
    hashlib.sha256(b"".join(TEXTS.values())).hexdigest(),
)


def git(folder: Path, *words: str) -> None:
    known = {name: value for part in ("AUTHOR", "COMMITTER") for name, value in
             ((f"GIT_{part}_NAME", "A"), (f"GIT_{part}_EMAIL", "a@example.com"))}  # fmt: skip
    subprocess.run(["git", "-C", str(folder), *words], env=os.environ | known, check=True, capture_output=True)


def serve(texts: Mapping[str, bytes], served: Path, work: Path) -> None:
    """Makes a repository that has these files, but not in its newest commit."""
    work.mkdir(parents=True)
    git(work, "init", "-q")
    for path, text in texts.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(text)
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", "First")
    git(work, "rm", "-q", "-r", ".")
    git(work, "commit", "-q", "--allow-empty", "-m", "Second")
    git(work.parent, "clone", "-q", "--bare", str(work), str(served))


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("repositories")
    serve(TEXTS, base / "served" / REPOSITORY, base / "work")
    return base / "served"


def served_from(repositories: Path) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(SilentHandler):
        """Git's own HTTP server, started for each request as a web server does."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            environ = os.environ | {
                "GIT_PROJECT_ROOT": str(repositories),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            done = subprocess.run(["git", "http-backend"], input=body, env=environ, capture_output=True, check=False)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(headers.pop("Status", "200")[:3]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


@pytest.fixture
def server(repositories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("GIT_SSL_CAINFO", str(tmp_path / "authority.pem"))
    with LoopbackServer(served_from(repositories), context) as running:
        yield running.url


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_they_are_fetched_by_their_ids_from_a_commit_that_is_not_the_newest(server: str, tmp_path: Path) -> None:
    fetch(PUBLISHER, tmp_path / "cache", LONG_S, server)
    assert not PUBLISHER.missing(tmp_path / "cache")
    assert json.loads((tmp_path / "cache/somebody/intents/sync.json").read_text()) == {"title": "SyncResponse"}
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["somebody"]


def test_what_does_not_parse_for_a_comma_is_kept_without_it(server: str, tmp_path: Path) -> None:
    fetch(PUBLISHER, tmp_path, LONG_S, server)
    assert json.loads((tmp_path / "somebody/messages.json").read_text()) == {"enum": [1, 2]}


def test_an_incomplete_copy_of_an_earlier_time_is_replaced(server: str, tmp_path: Path) -> None:
    (tmp_path / "somebody").mkdir()
    (tmp_path / "somebody/messages.json").write_text("{}")
    fetch(PUBLISHER, tmp_path, LONG_S, server)
    assert not PUBLISHER.missing(tmp_path)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"sha256": "0" * 64}, "their content is not the pinned one"),
        ({"files": {**PUBLISHER.files, "intents/sync.json": "1" * 40}}, "not our ref 1{40}"),
        ({"repository": "publisher/renamed"}, "not found"),
    ],
    ids=["another digest", "another content", "another repository"],
)
def test_what_is_not_as_pinned_is_refused_and_nothing_kept(
    changed: dict[str, object], why: str, server: str, tmp_path: Path
) -> None:
    with pytest.raises(NotFetched, match=why):
        fetch(replace(PUBLISHER, **changed), tmp_path / "cache", LONG_S, server)  # type: ignore[arg-type]
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_server_that_says_nothing_is_left_in_time(silent: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(NotFetched, match="the server did not answer in time"):
        fetch(PUBLISHER, tmp_path / "cache", 0.5, silent)
    assert time.monotonic() - began < 30
    assert list((tmp_path / "cache").iterdir()) == []


def test_it_waits_ten_seconds_at_most_for_both_and_says_whose_schemas_are_missing(
    silent: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stopwatch() as watch:
        main((PUBLISHER, replace(PUBLISHER, name="Another")), tmp_path, silent, cache=tmp_path)
    assert watch.took_s + watch.stood_s > 9.5
    assert watch.took_s < 19, "each for itself would take twenty"
    assert capsys.readouterr().out.splitlines() == [
        f"{name}'s schemas could not be fetched from {silent}/{REPOSITORY}: the server did not answer in time."
        for name in ("Somebody", "Another")
    ]


def test_without_a_network_it_goes_on_at_once_and_says_so(
    nobody: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main((PUBLISHER,), tmp_path, nobody, cache=tmp_path)
    assert "Somebody's schemas could not be fetched from" in (said := capsys.readouterr().out)
    assert "Could not connect to server" in said
    assert list(tmp_path.iterdir()) == []


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFetched, match="git is not installed"):
        fetch(PUBLISHER, tmp_path / "cache", LONG_S)


def test_what_is_there_is_not_fetched_again(
    server: str, nobody: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main((PUBLISHER,), tmp_path, server, cache=tmp_path, within_s=LONG_S)
    main((PUBLISHER,), tmp_path, nobody, cache=tmp_path)
    assert capsys.readouterr().out.splitlines() == [f"Fetched Somebody's schemas from {server}/{REPOSITORY}"]


def test_a_folder_that_somebody_else_filled_is_left_as_it_is(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main((PUBLISHER,), tmp_path, server, cache=tmp_path / "cache")
    assert list(tmp_path.glob("*/somebody")) == []
    assert capsys.readouterr().out == f"Somebody's schemas are not in {tmp_path}.\n"


def test_they_are_looked_for_where_the_variable_says_then_beside_the_project_then_in_the_cache(tmp_path: Path) -> None:
    named = {"SHOWCAM_SCHEMAS": "/elsewhere"}
    assert folder(named, beside=tmp_path) == Path("/elsewhere")
    assert folder({}, beside=tmp_path) == tmp_path
    assert folder({}, beside=tmp_path / "none") == schemas.CACHE


@pytest.mark.parametrize(
    "publisher",
    [pytest.param(AMAZON, marks=AMAZONS.mark), pytest.param(GOOGLE, marks=GOOGLES.mark)],
    ids=lambda publisher: publisher.name,
)
def test_what_is_pinned_are_the_files_that_the_tests_have_used(
    publisher: Publisher, server: str, repositories: Path, tmp_path: Path
) -> None:
    """Amazon's is a copy without the comma at which a parser stops, which the published file has on line 5286."""
    used = {path: (folder() / publisher.kept(path)).read_bytes() for path in publisher.files}
    published = dict(used)
    if publisher is AMAZON:
        [(path, content)] = used.items()
        lines = json.dumps(json.loads(content), indent=4).split("\n")
        lines[5285] += ","
        published[path] = ("\n".join(lines) + "\n").encode()
    serve(published, repositories / publisher.repository, tmp_path / "work")
    fetch(publisher, tmp_path / "cache", LONG_S, server)
    for path, content in used.items():
        fetched = (tmp_path / "cache" / publisher.kept(path)).read_bytes()
        assert json.loads(fetched) == json.loads(content)


@pytest.mark.parametrize("target", ["test", "coverage"])
def test_make_fetches_them_before_the_tests(target: str) -> None:
    planned = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert 0 < planned.index("scripts/schemas.py") < planned.index(".venv/bin/pytest -q -n")
