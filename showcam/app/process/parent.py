"""Ends this process when its parent is gone, also on systems without PR_SET_PDEATHSIG."""

import os
import threading
import time

POLL_S = 0.5  # between two looks at what another process or a person has changed


def end_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_S)
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
