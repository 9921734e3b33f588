"""The items of the outbox in the table: the state of each link, rows that wait, and parked rows."""

import math

import msgspec

from showcam.store.dynamodb.links import part
from showcam.store.dynamodb.table import Item, item_of
from showcam.store.outbox import LAID_KEPT_S, OUTBOX_KEPT_S, Laid, Row, look_row
from showcam.store.records import Link


def listed_as(due: float, link_id: str) -> str:
    """The sort key of the index. A query by this key reads only the links that are due."""
    return f"{due:015.3f}#{link_id}"


def telling_key(of: Link | Row, due: float) -> Item:
    link_id = of.id if isinstance(of, Link) else of.link
    return {
        "pk": f"account#{of.account}",
        "sk": f"telling#{link_id}",
        "kind": "telling",
        "account": of.account,
        "link": link_id,
        "assistant": of.assistant,
        "gsi1pk": part(of.assistant, link_id),
        "gsi1sk": listed_as(due, link_id),
    }


def outbox_key(row: Row) -> str:
    return f"outbox#{row.link}#{row.at:015.3f}#{row.kind}#{row.subject}"


def outbox_item(row: Row) -> Item:
    item = item_of(f"account#{row.account}", outbox_key(row), "outbox", row)
    return item | {"expires_at": math.ceil(max(row.at, row.due) + OUTBOX_KEPT_S)}


def free_at(item: Item) -> float:
    """When the link may be claimed again."""
    return float(item.get("asked" if "rung" in item and "claimed" not in item else "free", 0))


def looks_of(item: Item, now: float) -> list[Row]:
    """The LOOK row that a link's state stands for; [] if the link has no LOOK."""
    number = item.get("look", 0) + (1 if "again" in item else 0)
    times = [float(item[name]) for name in ("look_at", "again") if name in item]
    return [look_row(item["account"], item["link"], item["assistant"], min(times), min(times), number)] if times else []


def parked_item(laid: Laid) -> Item:
    row = laid.row
    listed = {"gsi1pk": "laid", "gsi1sk": row.id, "expires_at": math.ceil(laid.at + LAID_KEPT_S)}
    item = item_of(f"account#{row.account}", f"laid#{row.id}", "laid", row)
    return item | listed | {"laid": laid.at, "reason": laid.reason, "why": laid.why or ""}


def row_of(item: Item) -> Row:
    return msgspec.convert(item["record"], Row)
