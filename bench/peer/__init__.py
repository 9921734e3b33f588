"""Home Assistant as the peer, in an environment of its own; what it runs imports the standard library and it alone."""
