"""What each trick for speed brings: CPU of the web process per request over HTTP, with all tricks and without that one.

docs/maintainer/speed.md names the tricks; the setting `without` (for the cores `web_cores`) leaves one out.
"""

from contextlib import ExitStack

from bench.over_http import CAMERAS, cpu_of
from bench.progress import say
from bench.questions import QUESTIONS
from bench.run import Results, Run
from bench.servers import showcam
from bench.table import Row

SWITCHES = {
    "answers": {"SHOWCAM_WITHOUT": "answers"},
    "bearers": {"SHOWCAM_WITHOUT": "bearers"},
    "lines": {"SHOWCAM_WITHOUT": "lines"},
    "one core": {"SHOWCAM_WEB_CORES": "all"},
}
ASKED = ("Discover", "SYNC", "InitializeCameraStreams", "ReportState")


def measure(run: Run) -> Results:
    cameras = 3 if run.quick else CAMERAS
    with ExitStack() as stack:
        say(f"Tricks: starting {1 + len(SWITCHES)} web processes for {cameras} cameras")
        servers = {"all": stack.enter_context(showcam(cameras))}
        for trick, switch in SWITCHES.items():
            servers[trick] = stack.enter_context(showcam(cameras, switch))
        for question in QUESTIONS:
            if question[0] not in ASKED:
                continue
            say(f"Tricks: {question[0]}")
            taken = cpu_of(servers, question, cameras, run)
            for trick in SWITCHES:
                named = f"{question[0]} over HTTP, {cameras} cameras, beside without “{trick}”"
                yield Row(named, "µs", min(taken["all"]), "without:", min(taken[trick]), runs=taken["all"])
