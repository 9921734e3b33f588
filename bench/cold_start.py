"""The directives entry from a new interpreter to its first answer, beyond what the AWS client alone costs there.

In a plain interpreter with its bytecode compiled, not under Lambda's own runtime client. The first answer is to a token
that is none, which needs no database: what is timed is what is loaded.
"""

import json
import os
import subprocess
import sys
import tempfile

from bench.asking import discover
from bench.peer.environment import ROOT
from bench.progress import say
from bench.run import Results, Run
from bench.table import Bound, Row

CLIENT = "import boto3; boto3.client('dynamodb')"
ENTRY = f"""
import pkgutil
answer = pkgutil.resolve_name("lambda.directives:handler")({json.dumps(discover("none"))}, None)
assert answer["event"]["payload"]["type"] == "INVALID_AUTHORIZATION_CREDENTIAL", answer
"""
TIMED = "import time; began = time.perf_counter()\n{code}\nprint(time.perf_counter() - began)"
TIMES = 9


def measure(run: Run) -> Results:
    say("Cold start of the directives entry")
    entry, client = [], []
    for _ in range(2 if run.quick else TIMES):
        client.append(_seconds(CLIENT))
        entry.append(_seconds(ENTRY))
    beyond_ms, client_ms = (min(entry) - min(client)) * 1000, min(client) * 1000
    yield Row(
        "cold start of the directives entry, beyond the boto3 client",
        "ms",
        beyond_ms,
        "that client",
        client_ms,
        Bound(most=150),
    )


def _seconds(code: str) -> float:
    """In an interpreter of its own."""
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        environ = {
            **os.environ,
            "SHOWCAM_DATA": folder,
            "SHOWCAM_STORE": "dynamodb",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
        }
        command = [sys.executable, "-c", TIMED.format(code=code)]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
        return float(done.stdout)
