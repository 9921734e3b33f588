"""Short-lived items: visits, throttle windows, known cameras, happenings, asks, taken keys."""

import contextlib
import math
import secrets
from itertools import batched

import msgspec
from msgspec import structs

from showcam.store.dynamodb.table import (
    EXISTS,
    NEW,
    Action,
    ConditionFailed,
    Item,
    Table,
    account_there,
    item_of,
    refusing,
    took,
)
from showcam.store.ports import StoreUnavailable
from showcam.store.records import (
    ASK_KEPT_S,
    OVERTAKEN_S,
    Ask,
    Happening,
    Hold,
    Known,
    addressable,
    places_name,
    throttle_window,
)
from showcam.store.sealing import SealedUnreadable, Sealer

_DEVICES = 50  # devices in one transaction
_RACES = 32  # lost races before a caller gives up; a place that can't be given back is held to its end


class EphemeralItems:
    _table: Table
    _sealer: Sealer

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None:
        self._table.write(self._table.put(self._visit(visit_hash, data, expires)))

    def change_visit(self, visit_hash: str, data: bytes, expires: float, now: float) -> bool:
        row = self._visit(visit_hash, data, expires)
        return took(self._table.write, self._table.put(row, f"{EXISTS} AND #expires > :now", now=now))

    def take_visit(self, visit_hash: str, now: float) -> bytes | None:
        return self._opened(visit_hash, self._table.write(self._table.delete(f"visit#{visit_hash}", "visit")), now)

    def visit(self, visit_hash: str, now: float) -> bytes | None:
        return self._opened(visit_hash, self._table.get(f"visit#{visit_hash}", "visit"), now)

    def _opened(self, visit_hash: str, item: Item | None, now: float) -> bytes | None:
        if not item or item["expires"] <= now:
            return None
        with contextlib.suppress(SealedUnreadable):
            return self._sealer.open(f"visit|{visit_hash}", item["sealed"])
        return None

    def drop_visit(self, visit_hash: str) -> None:
        self._table.write(self._table.delete(f"visit#{visit_hash}", "visit"))

    def _visit(self, visit_hash: str, data: bytes, expires: float) -> Item:
        sealed = self._sealer.seal(f"visit|{visit_hash}", data)
        row = {"pk": f"visit#{visit_hash}", "sk": "visit", "kind": "visit", "sealed": sealed, "expires": expires}
        return row | {"expires_at": math.ceil(expires)}

    def hit(self, key: str, window_s: int, now: float) -> int:
        name, ends = throttle_window(key, window_s, now)
        count = self._table.update(
            f"throttle#{name}#{ends}",
            "throttle",
            "SET #kind = :kind, #expires_at = :ends ADD #count :one",
            kind="throttle",
            ends=ends,
            one=1,
        )
        return int(self._table.write(count)["count"])

    def hits(self, key: str, window_s: int, now: float) -> int:
        name, ends = throttle_window(key, window_s, now)
        item = self._table.get(f"throttle#{name}#{ends}", "throttle")
        return int(item["count"]) if item else 0

    def take_place(self, key: str, most: int, window_s: int, now: float) -> tuple[bool, int]:
        mine = math.ceil(now + window_s)
        for _ in range(_RACES):
            existing = self._table.get(f"places#{places_name(key)}", "places")
            held = [ends for ends in existing["ends"] if ends > now] if existing else []
            if len(held) >= most:
                return False, min(held)
            if self._swap_places(key, existing, [*held, mine]):
                return True, mine
        raise StoreUnavailable("other callers changed the places of the same key in every try")

    def leave_place(self, key: str, ends: int) -> None:
        for _ in range(_RACES):
            existing = self._table.get(f"places#{places_name(key)}", "places")
            if existing is None or ends not in existing["ends"]:
                return
            held = list(existing["ends"])
            held.remove(ends)
            if self._swap_places(key, existing, held):
                return

    def _swap_places(self, key: str, existing: Item | None, held: list[int]) -> bool:
        """Writes the places if the row has not changed since `existing` was read."""
        row: Item = {"pk": f"places#{places_name(key)}", "sk": "places", "kind": "places", "ends": held}
        row["expires_at"] = max(held) if held else existing and existing["expires_at"]
        # the writer: the next writer's condition, which also recognizes an earlier try of ours whose answer was lost
        row["by"] = secrets.token_hex(8)
        put = self._table.put(row, "#by = :by", by=existing["by"]) if existing else self._table.put(row, NEW)
        return took(self._table.write, put)

    def take_once(self, key: str, until: float) -> bool:
        row = {"pk": f"taken#{float(until)}#{key}", "sk": "taken", "kind": "taken", "expires_at": math.ceil(until)}
        # the taker: recognizes an earlier try of ours whose answer was lost
        row["by"] = secrets.token_hex(8)
        return took(self._table.write, self._table.put(row, NEW))

    def take_hold(self, group: str, hold: Hold, now: float, instead_of: str = "") -> bool:
        row: Item = {"pk": f"hold#{group}", "sk": f"hold#{hold.name}", "kind": "hold", **structs.asdict(hold)}
        row["expires_at"] = math.ceil(hold.ends)
        is_free = f"{NEW} OR #ends <= :now OR #owner IN (:owner, :instead_of)"
        put = self._table.put(row, is_free, now=now, owner=hold.owner, instead_of=instead_of or hold.owner)
        return took(self._table.write, put)

    def holds(self, group: str, now: float) -> list[Hold]:
        found = [msgspec.convert(item, Hold) for item in self._table.query(f"hold#{group}", "hold#")]
        return [hold for hold in found if hold.ends > now]

    def put_known(self, account_id: str, source_id: str, known: Known) -> bool:
        of = (self._table, self._sealer, account_id, source_id, known)
        try:
            self._table.write(put_known(*of, replaces=True))
        except ConditionFailed as failed:
            if failed.item is not None:  # a newer list is stored
                return False
            # this is the source's first list, or the household is removed
            return took(self._table.together, account_there(self._table, account_id), put_known(*of))
        return True

    def known(self, account_id: str, source_id: str) -> Known | None:
        item = self._table.get(f"account#{account_id}", f"known#{source_id}")
        with contextlib.suppress(SealedUnreadable):
            if item is not None:
                data = self._sealer.open(f"known|{account_id}|{source_id}", item["sealed"])
                return Known(data, float(item["as_of"]))
        return None

    def meta_once(self, key: str, value: str) -> str:
        found = self.meta(key)
        if found is not None:
            return found
        first = "SET #kind = :kind, #value = if_not_exists(#value, :value)"
        return str(
            self._table.write(self._table.update(f"meta#{key}", "meta", first, kind="meta", value=value))["value"]
        )

    def meta(self, key: str) -> str | None:
        item = self._table.get(f"meta#{key}", "meta")
        return item["value"] if item else None

    def happenings(self, account_id: str, since: float) -> list[Happening]:
        items = self._table.query(f"account#{account_id}", "happening#")
        found = [Happening(item["camera"], item["what"], float(item["at"])) for item in items if item["at"] > since]
        return sorted(found, key=lambda happening: (happening.at, happening.camera, happening.kind))

    def put_devices(self, account_id: str, keys: frozenset[str]) -> None:
        pk = f"account#{account_id}"
        stored = {str(item["sk"]).removeprefix("device#") for item in self._table.query(pk, "device#")}
        for key in sorted(stored - keys):
            self._table.write(self._table.delete(pk, f"device#{key}"))
        for added in batched(sorted(keys - stored), _DEVICES, strict=False):
            listed = [{"gsi1pk": f"device#{key}", "gsi1sk": account_id} for key in added]
            rows = [{"pk": pk, "sk": row["gsi1pk"], "kind": "device"} | row for row in listed]
            took(self._table.together, account_there(self._table, account_id), *map(self._table.put, rows))

    def accounts_with(self, key: str) -> list[str]:
        return sorted(str(item["gsi1sk"]) for item in self._table.listed(f"device#{key}"))

    def put_asks(self, account_id: str, asks: list[Ask]) -> None:
        for ask in asks:
            self._put_ask(account_id, ask)

    def _put_ask(self, account_id: str, ask: Ask) -> None:
        row = item_of(f"account#{account_id}", f"ask#{ask.id}", "ask", structs.replace(ask, live_s=0.0))
        row |= {"live_s": ask.live_s, "expires_at": math.ceil(ask.at) + ASK_KEPT_S}
        with refusing():
            self._table.together(account_there(self._table, account_id), self._table.put(row, NEW))

    def put_live(self, account_id: str, ask_id: str, live_s: float) -> None:
        longer = f"{EXISTS} AND #live_s < :live_s"
        update = "SET #live_s = :live_s"
        with contextlib.suppress(ConditionFailed):  # it is removed, or longer already
            self._table.write(
                self._table.update(f"account#{account_id}", f"ask#{ask_id}", update, longer, live_s=live_s)
            )

    def asks(
        self,
        account_id: str,
        since: float,
        *,
        camera: str = "",
        kind: str = "",
        before: Ask | None = None,
        most: int | None = None,
    ) -> list[Ask]:
        beyond = f"ask#{before.id}" if before else ""
        found: list[Ask] = []
        for item in self._table.query(f"account#{account_id}", "ask#", newest_first=True, beyond=beyond):
            ask = _ask(item)
            if ask.at <= since or len(found) == most:
                break
            if camera in ("", ask.camera) and kind in ("", ask.kind):
                found.append(ask)
        return found

    def ask(self, account_id: str, ask_id: str) -> Ask | None:
        item = self._table.get(f"account#{account_id}", f"ask#{ask_id}") if addressable(ask_id) else None
        return _ask(item) if item else None

    def drop_asks(self, account_id: str, camera: str = "") -> None:
        self._table.clear(f"account#{account_id}", "ask#", lambda item: camera in ("", item["record"]["camera"]))


def _ask(item: Item) -> Ask:
    return structs.replace(msgspec.convert(item["record"], Ask), live_s=float(item["live_s"]))


def put_known(
    table: Table, sealer: Sealer, account_id: str, source_id: str, known: Known, *, replaces: bool = False
) -> Action:
    """The action for `put_known` of the port. Its condition fails if the stored list is newer.

    `replaces`: the condition fails also if no list is stored.
    """
    item = {
        "pk": f"account#{account_id}",
        "sk": f"known#{source_id}",
        "kind": "known",
        "sealed": sealer.seal(f"known|{account_id}|{source_id}", known.data),
        "as_of": known.as_of,
    }
    older = "#as_of <= :mine OR #as_of > :ahead"
    unless = older if replaces else f"{NEW} OR {older}"
    return table.put(item, unless, mine=known.as_of, ahead=known.as_of + OVERTAKEN_S)
