"""What rows may be called; the same in every engine."""

import hashlib


def addressable(*names: str) -> bool:
    """False for what no row can be called: a name from outside may be empty, huge, or not even text in UTF-8."""
    try:
        return all(0 < len(name.encode()) <= 512 for name in names)
    except UnicodeEncodeError:
        return False


def throttle_window(key: str, window_s: int, now: float) -> tuple[str, int]:
    """The window that holds `now`: its name, hashed since keys hold user names and addresses, and its end."""
    name = hashlib.sha256(f"{window_s}|{key}".encode(errors="replace")).hexdigest()
    return name, int(now // window_s + 1) * window_s


def places_name(key: str) -> str:
    """What the places under a key are called, hashed for the same reason; no window is called so."""
    return hashlib.sha256(f"places|{key}".encode(errors="replace")).hexdigest()
