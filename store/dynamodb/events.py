"""What happened at cameras, and the households that list a device, in the table."""

import contextlib
import math

from store.dynamodb.table import ConditionFailed, Table
from store.records import HAPPENING_KEPT_S, Happening


class EventItems:
    _table: Table

    def put_happening(self, account_id: str, happening: Happening) -> None:
        put = self._table.update(
            f"account#{account_id}",
            f"happening#{happening.camera}#{happening.kind}",
            "SET #kind = :kind, #camera = :camera, #what = :what, #at = :at, #expires_at = :ends",
            "attribute_not_exists(#pk) OR #at < :at",
            kind="happening",
            camera=happening.camera,
            what=happening.kind,
            at=happening.at,
            ends=math.ceil(happening.at + HAPPENING_KEPT_S),
        )
        with contextlib.suppress(ConditionFailed):  # a later one is stored
            self._table.write(put)

    def happenings(self, account_id: str, since: float) -> list[Happening]:
        items = self._table.query(f"account#{account_id}", "happening#")
        found = [Happening(item["camera"], item["what"], float(item["at"])) for item in items if item["at"] > since]
        return sorted(found, key=lambda happening: (happening.at, happening.camera, happening.kind))

    def put_devices(self, account_id: str, keys: frozenset[str]) -> None:
        pk = f"account#{account_id}"
        stored = {str(item["sk"]).removeprefix("device#") for item in self._table.query(pk, "device#")}
        for key in sorted(stored - keys):
            self._table.write(self._table.delete(pk, f"device#{key}"))
        for key in sorted(keys - stored):
            listed = {"gsi1pk": f"device#{key}", "gsi1sk": account_id}
            self._table.write(self._table.put({"pk": pk, "sk": f"device#{key}", "kind": "device"} | listed))

    def accounts_with(self, key: str) -> list[str]:
        return sorted(str(item["gsi1sk"]) for item in self._table.listed(f"device#{key}"))
