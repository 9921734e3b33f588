"""The word that signs a command at a camera's own port: AES-128 of four rounds, as FIPS 197 has it with ten.

https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.197-upd1.pdf: sections 5.1 and 5.2. No library has it with four.
"""

ROUNDS = 4
_ALL = 1 << 32


def auth_word(key: bytes, session: int, seed: int, command: int) -> int:
    """`key`: 16 bytes. `session` and `seed`: as the camera sent them at the sign-in."""
    x = (seed + 2 * command) % _ALL
    made = encrypted(key, x.to_bytes(4, "little") + bytes(12))
    folded = bytes(
        first ^ second ^ third ^ fourth
        for first, second, third, fourth in zip(made[:4], made[4:8], made[8:12], made[12:], strict=True)
    )
    return (int.from_bytes(folded, "little") + session) % _ALL


def encrypted(key: bytes, block: bytes) -> bytes:
    """The block encrypted with the key; both have 16 bytes."""
    keys = _expanded(key)
    state = _xor(block, keys[0])
    for turn in range(1, ROUNDS + 1):
        state = bytes(_BOX[byte] for byte in state)
        state = bytes(state[(at + 4 * (at % 4)) % 16] for at in range(16))
        if turn < ROUNDS:
            state = b"".join(_mixed(state[at : at + 4]) for at in range(0, 16, 4))
        state = _xor(state, keys[turn])
    return state


def _expanded(key: bytes) -> list[bytes]:
    words, constant = [key[at : at + 4] for at in range(0, 16, 4)], 1
    for at in range(4, 4 * (ROUNDS + 1)):
        word = words[-1]
        if at % 4 == 0:
            turned = bytes(_BOX[byte] for byte in (*word[1:], word[0]))
            word, constant = bytes((turned[0] ^ constant, *turned[1:])), _doubled(constant)
        words.append(_xor(words[at - 4], word))
    return [b"".join(words[at : at + 4]) for at in range(0, len(words), 4)]


def _mixed(column: bytes) -> bytes:
    whole = column[0] ^ column[1] ^ column[2] ^ column[3]
    return bytes(byte ^ whole ^ _doubled(byte ^ column[(at + 1) % 4]) for at, byte in enumerate(column))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def _doubled(byte: int) -> int:
    """In the field of 2^8."""
    return (byte << 1 ^ 0x1B) & 0xFF if byte & 0x80 else byte << 1


def _boxed() -> bytes:
    """The S-box: each byte's inverse in the field, turned and mixed with itself."""
    power, powers = 1, []
    for _ in range(255):
        powers.append(power)
        power ^= _doubled(power)  # times 3, which reaches every byte but 0
    inverse = {0: 0} | {number: powers[-at % 255] for at, number in enumerate(powers)}
    box = bytearray()
    for byte in range(256):
        wide = inverse[byte] * 0x101
        box.append((wide ^ wide >> 4 ^ wide >> 5 ^ wide >> 6 ^ wide >> 7) & 0xFF ^ 0x63)
    return bytes(box)


_BOX = _boxed()
