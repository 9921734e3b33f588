"""Names of rows, the same in every engine."""

import hashlib


def addressable(*names: str) -> bool:
    """Whether rows can have these names: one from outside may be empty, longer than 512 bytes, or no UTF-8."""
    try:
        return all(0 < len(name.encode()) <= 512 for name in names)
    except UnicodeEncodeError:
        return False


def throttle_window(key: str, window_s: int, now: float) -> tuple[str, int]:
    """The window that holds `now`: its name, hashed since keys hold user names and addresses, and its end."""
    name = hashlib.sha256(f"{window_s}|{key}".encode(errors="replace")).hexdigest()
    return name, int(now // window_s + 1) * window_s


def places_name(key: str) -> str:
    """The name of a key's places, hashed since keys hold user names and addresses; it differs from every window's."""
    return hashlib.sha256(f"places|{key}".encode(errors="replace")).hexdigest()
