"""JSON that came from outside: a vendor's, an assistant's, AWS's."""

from typing import Any

# Nothing is known of what is in it. Whoever reads it looks at each value, or decodes it into a msgspec type; what
# leaves has a TypedDict of its own, never this.
type JsonObject = dict[str, Any]
