"""Python imports it when a program of the tests starts: a sixth of what a start computes went into the collector of
garbage, which looks again and again at what is imported, and once more at the end.
"""

import atexit
import gc

SELDOM = 20_000  # objects that are made until it looks; usually 2,000

gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
atexit.register(gc.freeze)
