"""Reads bits as numbers, one after another, with the Exp-Golomb numbers of ISO/IEC 14496-10, 9.1.

Standard library only.
"""


class Malformed(Exception):
    """The bytes are too short for what they claim to be, or a number is out of its bounds."""


class Bits:
    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        """The next `count` bits as a number. Raises Malformed."""
        self._left -= count
        if self._left < 0:
            raise Malformed
        return self._number >> self._left & (1 << count) - 1

    def up_to(self, most: int) -> int:
        """An Exp-Golomb number. Raises Malformed, also for a number above `most`."""
        rest = self._number & (1 << self._left) - 1
        zeros = self._left - rest.bit_length()
        self._left -= 2 * zeros + 1
        if self._left < 0 or zeros > 31:
            raise Malformed
        value = (rest >> self._left) - 1
        if value > most:
            raise Malformed
        return value

    def signed(self, least: int, most: int) -> int:
        """A signed Exp-Golomb number. Raises Malformed, also for a number out of bounds."""
        coded = self.up_to(0xFFFFFFFE)
        value = (coded + 1) // 2 if coded & 1 else -(coded // 2)
        if not least <= value <= most:
            raise Malformed
        return value
