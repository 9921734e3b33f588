"""JSON that came from outside: a vendor's, an assistant's, AWS's."""

from typing import Any

# Its content is unchecked. A reader checks each value, or decodes it into a msgspec type. Outgoing JSON has a TypedDict
# of its own, never this type.
type JsonObject = dict[str, Any]
