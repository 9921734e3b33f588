"""showcam's web process as it is in production, save that vendor and media process are ready doubles.

`python -m bench.ready_web` with settings from SHOWCAM_* and $BENCH_CAMERAS; granian calls `load_app` in its worker.
"""

import os
from typing import Any

from granian import Granian

from bench.household import NoPictures, NoVendor, cameras
from showcam.compose import parts, web
from showcam.edge import Edge
from showcam.settings import load


class Ready(NoVendor):
    def load(self) -> None:
        """What the real driver imports ahead of the first request; here there is nothing."""


def load_app(*given: Any) -> Edge:
    driver = Ready(cameras(int(os.environ["BENCH_CAMERAS"])))
    parts.ezviz = lambda *_: driver  # type: ignore[assignment,return-value]
    parts.media_client = lambda *_: NoPictures()  # type: ignore[assignment,return-value]
    return web.load_app(*given)


def main() -> None:
    # the same server with the same options, and another application in it
    web.Granian = lambda _, **options: Granian("bench.ready_web:load_app", **options)  # type: ignore[assignment]
    web.serve(load())


if __name__ == "__main__":
    main()
