"""What can go wrong on the way out. Whoever asks turns it into an error of its own room."""


class Unreached(Exception):
    """No answer in time, a broken connection, or an answer that the rules forbid."""


class NotAllowed(Unreached):
    """An address that the rules forbid; nothing was sent to it."""
