"""No secret in a log line, an error or the database."""

import base64
import contextlib
import re
from pathlib import Path

import pytest
import requests

from tests.doubles.linking import link_tokens
from tests.doubles.listening import below
from tests.doubles.program import Program, running

pytestmark = pytest.mark.proves(
    "No secret is in a log or an error, or readable in the database", also=("tests/oauth/test_secrets.py",)
)

PASSWORD = "showcam-demo"
WRONG = "planted-wrong-password-7f3a"
CODE = "ABCDEF"  # on the label of the Garage


def test_planted_secrets_are_found_nowhere(tmp_path: Path) -> None:
    with running(tmp_path, forked=False, troubled=True, SHOWCAM_LOG_LEVEL="debug") as program:
        planted = {PASSWORD, WRONG, "demo-secret", "012345"}
        for assistant in ("alexa", "google"):
            tokens = link_tokens(program.web, assistant, "demo@example.com", PASSWORD)
            planted |= {tokens["access_token"], tokens["refresh_token"]}
            planted |= {tokens[kind].rpartition(".")[2] for kind in ("access_token", "refresh_token")}
            program.link(assistant)
        tokens = link_tokens(program.web, "google", "mfa@example.com", PASSWORD, code="012345")
        planted |= {tokens["access_token"], tokens["refresh_token"]}
        with pytest.raises(AssertionError):
            link_tokens(program.web, "alexa", "demo@example.com", WRONG)
        code = program.command(
            "cameras", "set", "Garage", "while_encrypted", "code", "--yes", "--demo", text=f"{CODE}\n"
        )
        assert (code.returncode, code.stdout) == (0, "Garage: while_encrypted is code.\n"), code.stderr
        assert CODE not in code.stderr
        planted |= {CODE, base64.b64encode(CODE.encode().ljust(16, b"\0")).decode(), CODE.encode().hex()}
        program.assistant("alexa", "watch", text="show the garage camera")
        streams = set()
        for via in ("hls", "webrtc"):
            for assistant in ("alexa", "google"):
                program.assistant(assistant, "watch", text="show the garden camera", via=via)
        program.change("Garden", fault="http500")
        program.assistant("alexa", "watch", text="show the garden camera")
        program.change("Garden", fault=None)
        requests.get(
            f"http://127.0.0.1:{program.media_port}/s/planted-grant-aaaaaaaaaaaaaaaaaaaa/master.m3u8", timeout=30
        )
        streams.add("planted-grant-aaaaaaaaaaaaaaaaaaaa")
        requests.get(f"{program.web}/oauth/authorize?state=planted-state-bbbb&code=planted-code-cccc", timeout=30)
        streams |= {"planted-state-bbbb", "planted-code-cccc"}
        planted |= streams
        # the demo prints its own password on purpose when it is ready
        log = b"".join(line for line in program.log.read_bytes().splitlines(True) if b"Sign in there as" not in line)
    # a random id may contain the six digits of the code
    log = re.sub(rb'"request":"[0-9a-f]{32}"', b"", log)
    found = {secret for secret in planted if secret.encode() in log}
    assert found == set()
    assert not re.search(rb"/s/[\w.-]{40,}", log), "a stream's address is in the log"
    assert not re.search(rb"openlive|ice-pwd|a=fingerprint", log), "a vendor's address or an SDP is in the log"
    assert b"Traceback" not in log, [line for line in log.splitlines() if b"Traceback" in line]
    assert program.data.exists()
    stored = b"".join(file.read_bytes() for file in program.data.glob("showcam.sqlite3*"))
    assert stored
    stored = stored.replace(b"/r/showcam-demo", b"")  # the demo's Google project, in a redirect URI
    for secret in planted | {"demo@example.com"}:
        assert secret.encode() not in stored


def test_no_process_leaves_a_core(demo: Program) -> None:
    assert demo.process is not None
    limits = list[str]()
    for pid in (demo.process.pid, *below(demo.process.pid)):
        with contextlib.suppress(OSError):  # it ended meanwhile
            limits += re.findall(r"Max core file size +(\w+)", Path(f"/proc/{pid}/limits").read_text())
    assert len(limits) > 3
    assert set(limits) == {"1"}  # the limit that counts; the other is how far it could go
