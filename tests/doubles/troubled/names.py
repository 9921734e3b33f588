"""What the start of a showcam with a troubled vendor shares with that vendor, whose modules take longer to load."""

ANNOUNCED = "The address is printed."  # after the address of the page, by such a showcam
REPLAYED = "replay@example.com"  # has the cameras that are made from traces


def app_of(user: str) -> tuple[str, str]:
    """Returns appKey and appSecret of the user's application."""
    name = user.partition("@")[0]
    return f"{name}-key", f"{name}-secret"
