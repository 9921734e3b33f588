"""Ephemeral rows of the table: visits, throttle windows, taken keys, known cameras; and shared values."""

import contextlib
import math
import secrets

from store.dynamodb.table import NEW, Action, ConditionFailed, Item, Table
from store.keys import places_name, throttle_window
from store.ports import StoreUnavailable
from store.records import OVERTAKEN_S, Known
from store.sealing import SealedUnreadable, Sealer

_RACES = 32  # lost races before a caller gives up; a place that can't be given back is held to its end


class EphemeralItems:
    _table: Table
    _sealer: Sealer

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None:
        sealed = self._sealer.seal(f"visit|{visit_hash}", data)
        row = {"pk": f"visit#{visit_hash}", "sk": "visit", "kind": "visit", "sealed": sealed, "expires": expires}
        self._table.write(self._table.put(row | {"expires_at": math.ceil(expires)}))

    def visit(self, visit_hash: str, now: float) -> bytes | None:
        item = self._table.get(f"visit#{visit_hash}", "visit")
        if item is None or item["expires"] <= now:
            return None
        with contextlib.suppress(SealedUnreadable):
            return self._sealer.open(f"visit|{visit_hash}", item["sealed"])
        return None

    def drop_visit(self, visit_hash: str) -> None:
        self._table.write(self._table.delete(f"visit#{visit_hash}", "visit"))

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
        try:
            self._table.write(put)
        except ConditionFailed:
            return False
        return True

    def take_once(self, key: str, until: float) -> bool:
        row = {"pk": f"taken#{float(until)}#{key}", "sk": "taken", "kind": "taken", "expires_at": math.ceil(until)}
        # the taker, by which an earlier try of ours whose answer was lost is recognized
        row["by"] = secrets.token_hex(8)
        try:
            self._table.write(self._table.put(row, NEW))
        except ConditionFailed:
            return False
        return True

    def put_known(self, account_id: str, source_id: str, known: Known) -> bool:
        try:
            self._table.write(put_known(self._table, self._sealer, account_id, source_id, known))
        except ConditionFailed:
            return False
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


def put_known(table: Table, sealer: Sealer, account_id: str, source_id: str, known: Known) -> Action:
    """See `put_known` of the port; its condition fails where the stored list is newer."""
    item = {
        "pk": f"account#{account_id}",
        "sk": f"known#{source_id}",
        "kind": "known",
        "sealed": sealer.seal(f"known|{account_id}|{source_id}", known.data),
        "as_of": known.as_of,
    }
    unless = f"{NEW} OR #as_of <= :mine OR #as_of > :ahead"
    return table.put(item, unless, mine=known.as_of, ahead=known.as_of + OVERTAKEN_S)
