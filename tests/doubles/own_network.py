"""An empty network for one process; root may make one, and any other user is root in a user namespace.

The module imports nothing of showcam: processes that begin by the dozen import it.
"""

import os

NETWORK = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--net")
