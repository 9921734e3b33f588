"""Processes that are forked from one which has imported what they run, once for all tests of a worker: importing it
takes longer than most of what they are asked.
"""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.doubles.imported"])
