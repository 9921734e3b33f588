"""Errors of outgoing requests. The calling room turns them into its own errors."""


class Unreached(Exception):
    """No answer in time, a broken connection, or an answer that the rules forbid."""


class NoInternet(Unreached):
    """This machine has no way out. The host that was asked for has no part in that."""


class NotAllowed(Unreached):
    """An address that the rules forbid; nothing was sent to it."""
