"""An address as a QR code, which a phone's camera reads from another screen."""


def svg(address: str) -> str:
    import segno  # most processes with pages draw no code

    drawn: str = segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return drawn
