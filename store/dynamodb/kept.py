"""Preferences and small secrets of a household or a link in the table."""

from collections.abc import Sequence

from store.dynamodb.items import refusing
from store.dynamodb.table import EXISTS, LIVE, Action, ConditionFailed, Item
from store.dynamodb.telling import TellingItems
from store.keys import addressable


class KeptItems(TellingItems):
    def put_preference(self, account_id: str, camera_id: str, data: bytes, at: float) -> None:
        row = {"pk": f"account#{account_id}", "sk": f"preference#{camera_id}", "kind": "preference", "data": data}
        self._put_of_account(account_id, row, self._looks(account_id, at))

    def preferences(self, account_id: str) -> dict[str, bytes]:
        items = self._table.query(f"account#{account_id}", "preference#")
        return {item["sk"].removeprefix("preference#"): item["data"] for item in items}

    def put_account_secret(self, account_id: str, name: str, data: bytes) -> None:
        sealed = self._sealer.seal(f"account_secret|{account_id}|{name}", data)
        self._put_of_account(account_id, _secret(f"account#{account_id}", name, sealed))

    def account_secret(self, account_id: str, name: str) -> bytes | None:
        item = self._table.get(f"account#{account_id}", f"secret#{name}")
        return self._sealer.open(f"account_secret|{account_id}|{name}", item["sealed"]) if item else None

    def account_secrets(self, account_id: str, prefix: str) -> dict[str, bytes]:
        items = self._table.query(f"account#{account_id}", f"secret#{prefix}")
        rows = ((item["sk"].removeprefix("secret#"), item["sealed"]) for item in items)
        return self._sealer.open_all(f"account_secret|{account_id}", rows)

    def drop_account_secret(self, account_id: str, name: str) -> None:
        self._table.write(self._table.delete(f"account#{account_id}", f"secret#{name}"))

    def put_link_secret(self, link_id: str, name: str, data: bytes) -> bool:
        sealed = self._sealer.seal(f"link_secret|{link_id}|{name}", data)
        try:
            self._table.together(
                self._table.check(f"link#{link_id}", "link", LIVE),
                self._table.put(_secret(f"link#{link_id}", name, sealed)),
            )
        except ConditionFailed:
            return False
        return True

    def link_secret(self, link_id: str, name: str) -> bytes | None:
        if not addressable(link_id, name):
            return None
        items = self._table.get_all([(f"link#{link_id}", "link"), (f"link#{link_id}", f"secret#{name}")])
        kinds = {item["kind"]: item for item in items}
        if len(kinds) < 2 or "ended" in kinds["link"]:
            return None
        return self._sealer.open(f"link_secret|{link_id}|{name}", kinds["secret"]["sealed"])

    def drop_link_secret(self, link_id: str, name: str) -> None:
        self._table.write(self._table.delete(f"link#{link_id}", f"secret#{name}"))

    def _put_of_account(self, account_id: str, row: Item, looks: Sequence[Action] = ()) -> None:
        with refusing():
            self._with(looks, self._table.check(f"account#{account_id}", "account", EXISTS), self._table.put(row))


def _secret(pk: str, name: str, sealed: bytes) -> Item:
    return {"pk": pk, "sk": f"secret#{name}", "kind": "secret", "sealed": sealed}
