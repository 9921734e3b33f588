"""showcam's web process as in production, with ready doubles of the vendor and the media process.

`python -P -m bench.ready_web` with settings from SHOWCAM_* and $BENCH_CAMERAS.
"""

import os
from wsgiref.types import WSGIApplication

from bench.household import NoPictures, NoVendor, cameras
from showcam.app.compose import ground, web
from showcam.app.process.settings_sources import load
from showcam.app.settings import Settings
from showcam.drivers.vendor import Rejected
from showcam.store.records import Source


class Ready(NoVendor):
    class sessions:  # noqa: N801 - nobody signs in; the pages read the kind
        kind = "ezviz"

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Rejected:
        return Rejected("wrong")

    def sign_out(self, source: Source, deadline_s: float) -> None:
        """Nobody is signed in."""

    def load(self) -> None:
        """The real driver imports here ahead of the first request; this one has nothing to import."""


def load_app(settings: Settings) -> WSGIApplication:
    driver = Ready(cameras(int(os.environ["BENCH_CAMERAS"])))
    ground.drivers = lambda *_: {"ezviz": driver}
    ground.media_client = lambda *_: NoPictures()  # type: ignore[assignment]
    return web.load_app(settings)


def main() -> None:
    web.serve(load(), load_app)


if __name__ == "__main__":
    main()
