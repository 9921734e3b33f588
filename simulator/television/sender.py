"""Who is connected to the television and may say something to it."""

import asyncio

from simulator.television.wire import Message, written


class Sender:
    """A connection; `connected`: pairs of source and destination, which CONNECT opened."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connected: set[tuple[str, str]] = set()

    def say(self, message: Message) -> None:
        if not self.writer.is_closing():
            self.writer.write(written(message))
