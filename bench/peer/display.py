"""Runs in Debian's own Python: tests.doubles.gstreamer_peer, which takes what comes and decodes nothing."""

import sys

from tests.doubles import gstreamer_peer

gstreamer_peer.DECODERS = dict.fromkeys(("audio", "video"), "fakesink name=sink sync=false")
gstreamer_peer.main(*sys.argv[1:])
