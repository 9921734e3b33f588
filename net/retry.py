"""How long a service asks to wait before the next try (RFC 9110 section 10.2.3)."""

LONGEST_S = 3600.0


def retry_after(header: str | None) -> float:
    """Seconds; 0 where the header is missing, a date or nonsense."""
    text = (header or "").strip()
    return min(float(text), LONGEST_S) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
