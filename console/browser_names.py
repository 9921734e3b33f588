"""What a browser is called, so that an owner knows it again in the list of those that are signed in."""

# Words of its User-Agent, the first that is there counts: browsers name those that they are like, too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def named(agent: str) -> str:
    """A name from the User-Agent: browser and machine, as far as both are known, and nothing else of it."""
    found = (next((name for word, name in words if word in agent), "") for words in (_BROWSERS, _MACHINES))
    return ", ".join(filter(None, found))
