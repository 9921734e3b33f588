"""What a pull is known by."""

from copy import replace

from media.grants import Claims

type Key = tuple[str, str]


def key_of(claims: Claims) -> Key:
    """What shares a pull: all who see one picture of a camera; a card is in one link's language, for its surface."""
    if claims.explains:
        return claims.account, f"{claims.camera}/{claims.link}"
    return claims.account, claims.camera if claims.picture == "main" else f"{claims.camera}/sub"


def other_key(claims: Claims) -> Key:
    """What a pull of the camera's other picture is known by; a card has no other."""
    return key_of(replace(claims, picture="sub" if claims.picture == "main" else "main"))
