"""Fetches the schemas that Amazon and Google publish for their assistants, which the project holds no copy of.

Tests check showcam's answers by them. The files are looked for in the folder that SHOWCAM_SCHEMAS names, in
`../shared/schemas` and in `build/schemas`, which this script fills from GitHub within ten seconds. Each file is pinned
by git's id of its content, which holds for any commit that has the file, and each publisher's files by one SHA-256.
Other content is not kept. Always exits 0: the last line of `make test` says which tests were not run.

Fetching has been tested with git's own HTTP server on loopback, and not yet with GitHub. The id of Amazon's file was
worked out from a reformatted copy: with its indentation and a comma restored, the file has the parse error at the
position that https://github.com/alexa-samples/alexa-smarthome/issues/174 reports, 262146.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "build/schemas"
GITHUB = "https://github.com"
WITHIN_S = 10.0


@dataclass(frozen=True)
class Publisher:
    """`files` are paths in the repository, each with git's id of its content; `folder` is where they are kept."""

    name: str
    repository: str
    folder: str
    files: Mapping[str, str]
    sha256: str  # of all contents, one behind the other, in the order of the paths

    def kept(self, path: str) -> str:
        """Where a file is kept: Amazon's stands in no folder of its own, as in a hand-made copy."""
        return f"{self.folder}/{path.removeprefix('validation_schemas/')}"

    def missing(self, schemas: Path) -> bool:
        return not all((schemas / self.kept(path)).is_file() for path in self.files)


AMAZON = Publisher(
    "Amazon",
    "alexa-samples/alexa-smarthome",
    "alexa",
    {"validation_schemas/alexa_smart_home_message_schema.json": "d3f7abbf5a86f783bfcf5bae8f201124c86eb470"},
    "b6af294cb5635d926d89e942c11d45723070495283491f1212dc7c223e285238",
)
GOOGLE = Publisher(
    "Google",
    "google-home/smart-home-schema",
    "google",
    {
        "intents/disconnect/disconnect.response.schema.json": "f0281038fadb764b79f674c20d42c17e1ad3911f",
        "intents/execute/execute.response.schema.json": "d2bb8f104a97511c09a937a13db3f91b6a80226f",
        "intents/query/query.response.schema.json": "04529275ec3227bcb44baafdea25818b935d9d56",
        "intents/sync/sync.response.schema.json": "222343773585510e144e4a45785150659cf71dc7",
        "platform/commands.schema.json": "068c3aa41c7593a76a77abbdd3ff1eb1114aa70d",
        "platform/errors.schema.json": "c162dd4d559d06eb91730d6921648209908c9bf6",
        "platform/traits.schema.json": "adf66f04f6d40f6fe24172f56a1fb1b4ce45c9cf",
        "platform/types.schema.json": "003c67c2ff972cd2ada70fbb75a97eda68af80c0",
        "traits/camerastream/camerastream.attributes.schema.json": "0f1a0c0abcf3acf3f659e8bcff2099cf5082c5e9",
        "traits/camerastream/getcamerastream.results.schema.json": "b5b1954e417946b7bb4812075a815b20da02f601",
        "traits/energystorage/energystorage.attributes.schema.json": "0ed1eea0af3a845fd80b49785293b92ca0aa23fa",
        "traits/energystorage/energystorage.states.schema.json": "f9f247bae1f63603c2d53e025b000d8fdc066e5f",
        "traits/modes/modes.attributes.schema.json": "d851d103e20a23b444fb5ed7c4222f52a14b92c1",
        "traits/modes/modes.states.schema.json": "33468a1103d225deafd0cf373f57272a5ddbf904",
        "traits/objectdetection/objectdetection.notifications.schema.json": "6ebda4319cdffe1cfe57a426a398cb3cf635d32e",
        "traits/onoff/onoff.attributes.schema.json": "168471eb523e57b86f0390d0e4de085ca21956c3",
        "traits/onoff/onoff.states.schema.json": "5d6454b5b9e04c0b78a6fa287b53e69cf7e3cf62",
        "traits/statusreport/statusreport.states.schema.json": "1ba4a452e9b8e6f202cf1469ff7f5b492519eb84",
        "traits/toggles/toggles.attributes.schema.json": "3f10d4084429e5d47b5eecf6f9cacb0c1645fec6",
        "traits/toggles/toggles.states.schema.json": "533518b09bd60a9250451735f188560e273afc56",
    },
    "f8a44fd00011a007bde41118e055bc37cf26f5c6d5ccc545f931579b454bd1db",
)


class NotFetched(Exception):
    """The text says why."""


def folder(environ: Mapping[str, str] = os.environ, beside: Path = ROOT.parent / "shared/schemas") -> Path:
    """Where the schemas are, or would be."""
    if named := environ.get("SHOWCAM_SCHEMAS"):
        return Path(named)
    return beside if beside.is_dir() else CACHE


def fetch(publisher: Publisher, into: Path, within_s: float, server: str = GITHUB) -> None:
    """Raises NotFetched, and then leaves nothing behind."""
    deadline = time.monotonic() + within_s
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=".fetched-") as made:
        git, contents = Path(made, "git"), {}
        _git("init", "-q", "--bare", str(git), until=deadline)
        # The second version of git's protocol hands out any object by its id, without the commit that has it.
        command = ("-C", str(git), "-c", "protocol.version=2", "fetch", "-q", "--no-tags", "--no-write-fetch-head")
        _git(*command, f"{server}/{publisher.repository}", *publisher.files.values(), until=deadline)
        for path, identity in publisher.files.items():
            contents[path] = _git("-C", str(git), "cat-file", "blob", identity, until=deadline)
        if hashlib.sha256(b"".join(contents[path] for path in sorted(contents))).hexdigest() != publisher.sha256:
            raise NotFetched("their content is not the pinned one")
        for path, content in contents.items():
            file = Path(made, publisher.kept(path))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_parsing(content))
        shutil.rmtree(into / publisher.folder, ignore_errors=True)
        Path(made, publisher.folder).rename(into / publisher.folder)


def _parsing(content: bytes) -> bytes:
    """Amazon's file has one comma too many, at which a parser stops."""
    try:
        json.loads(content)
    except ValueError:
        return re.sub(rb",(\s*[]}])", rb"\1", content)
    return content


def _git(*arguments: str, until: float) -> bytes:
    """The command's output; it and what it started are ended at that time."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "LC_ALL": "C"}
    environ = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    try:
        started = subprocess.Popen(
            ["git", *arguments],
            env=environ | quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise NotFetched("git is not installed") from None
    try:
        output, errors = started.communicate(timeout=max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.communicate()
        raise NotFetched("the server did not answer in time") from None
    if started.returncode:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise NotFetched(lines[-1] if lines else f"git ended with {started.returncode}")
    return output


# which a hook of git sets for the commands that it starts
_OF_ANOTHER_REPOSITORY = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"}


def main(
    publishers: tuple[Publisher, ...],
    schemas: Path,
    server: str = GITHUB,
    *,
    cache: Path = CACHE,
    within_s: float = WITHIN_S,
) -> None:
    """Fetches into our own cache what it lacks; a folder that somebody else filled is left as it is."""
    deadline = time.monotonic() + within_s
    for publisher in publishers:
        if not publisher.missing(schemas):
            continue
        if schemas != cache:
            _say(f"{publisher.name}'s schemas are not in {schemas}.")
            continue
        try:
            fetch(publisher, schemas, deadline - time.monotonic(), server)
        except NotFetched as error:
            _say(f"{publisher.name}'s schemas could not be fetched from {server}/{publisher.repository}: {error}.")
        else:
            _say(f"Fetched {publisher.name}'s schemas from {server}/{publisher.repository}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main((AMAZON, GOOGLE), folder())
