"""What a pull is known by."""

from media.grants import Claims

type Key = tuple[str, str]


def key_of(claims: Claims) -> Key:
    """What shares a pull: all who see one picture of a camera; a card is in one link's language, for its surface."""
    if claims.explains:
        return claims.account, f"{claims.camera}/{claims.link}"
    return claims.account, claims.camera if claims.picture == "main" else f"{claims.camera}/sub"
