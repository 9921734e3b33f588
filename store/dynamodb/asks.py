"""What assistants were asked to show, in the table."""

import contextlib
import math

import msgspec
from msgspec import structs

from store.dynamodb.items import item_of, refusing
from store.dynamodb.table import EXISTS, NEW, ConditionFailed, Table
from store.records import ASK_KEPT_S, Ask


class AskItems:
    _table: Table

    def put_asks(self, account_id: str, asks: list[Ask]) -> None:
        for ask in asks:
            self._put_ask(account_id, ask)

    def _put_ask(self, account_id: str, ask: Ask) -> None:
        row = item_of(f"account#{account_id}", f"ask#{ask.id}", "ask", structs.replace(ask, live_s=0.0))
        row |= {"live_s": ask.live_s, "expires_at": math.ceil(ask.at) + ASK_KEPT_S}
        exists = self._table.check(f"account#{account_id}", "account", EXISTS)
        with refusing():
            self._table.together(exists, self._table.put(row, NEW))

    def put_live(self, account_id: str, ask_id: str, live_s: float) -> None:
        longer = f"{EXISTS} AND #live_s < :live_s"
        update = "SET #live_s = :live_s"
        with contextlib.suppress(ConditionFailed):  # it is removed, or longer already
            self._table.write(
                self._table.update(f"account#{account_id}", f"ask#{ask_id}", update, longer, live_s=live_s)
            )

    def asks(self, account_id: str, since: float) -> list[Ask]:
        items = self._table.query(f"account#{account_id}", "ask#")
        found = [structs.replace(msgspec.convert(item["record"], Ask), live_s=float(item["live_s"])) for item in items]
        return sorted((ask for ask in found if ask.at > since), key=lambda ask: (-ask.at, ask.id))

    def drop_asks(self, account_id: str) -> None:
        for item in self._table.query(f"account#{account_id}", "ask#"):
            self._table.write(self._table.delete(item["pk"], item["sk"]))
