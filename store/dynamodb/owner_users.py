"""Owners' users at showcam itself in the table: the household's own row, and one under the key of the user name."""

from store.dynamodb.items import swap_sealed
from store.dynamodb.table import EXISTS, NEW, Action, ConditionFailed, Item, Table
from store.ports import Inconsistent, StoreUnavailable
from store.records import OwnerUser
from store.sealing import Sealer

_RACES = 8


class OwnerUserItems:
    _table: Table
    _sealer: Sealer

    def put_owner_user(self, account_id: str, key: str, data: bytes) -> bool:
        for _ in range(_RACES):
            before = self._table.get(f"account#{account_id}", "owner_user")
            try:
                self._table.together(*self._replacing(account_id, before, key, data))
            except ConditionFailed as failed:
                if 0 in failed.places:
                    raise Inconsistent("the account is missing") from None
                if 2 in failed.places:
                    return False  # the key is another household's
                continue  # another caller replaced it at the same time
            return True
        raise StoreUnavailable("other callers changed the same owner's user in every try")

    def _replacing(self, account_id: str, before: Item | None, key: str, data: bytes) -> list[Action]:
        sealed = self._sealer.seal(f"owner_user|{account_id}", data)
        row = {"pk": f"account#{account_id}", "sk": "owner_user", "kind": "owner_user", "key": key, "sealed": sealed}
        named = {"pk": f"owner_name#{key}", "sk": "owner_name", "kind": "owner_name", "account": account_id}
        named |= {"gsi1pk": "owner_users", "gsi1sk": account_id}
        mine = f"{NEW} OR #account = :account"
        actions = [
            self._table.check(f"account#{account_id}", "account", EXISTS),
            self._table.put(row | {"version": 1}, NEW)
            if before is None
            else self._table.put(
                row | {"version": before["version"] + 1}, "#version = :version", version=before["version"]
            ),
            self._table.put(named, mine, account=account_id),
        ]
        if before is not None and before["key"] != key:
            actions.append(self._table.delete(f"owner_name#{before['key']}", "owner_name"))
        return actions

    def swap_owner_user(self, account_id: str, *, version: int, data: bytes) -> bool:
        sealed = self._sealer.seal(f"owner_user|{account_id}", data)
        return swap_sealed(self._table, f"account#{account_id}", "owner_user", sealed, version)

    def owner_user(self, account_id: str) -> OwnerUser | None:
        item = self._table.get(f"account#{account_id}", "owner_user")
        if item is None:
            return None
        data = self._sealer.open(f"owner_user|{account_id}", item["sealed"])
        return OwnerUser(account_id, item["key"], data, int(item["version"]))

    def owner_user_by_key(self, key: str) -> OwnerUser | None:
        named = self._table.get(f"owner_name#{key}", "owner_name")
        found = self.owner_user(named["account"]) if named else None
        return found if found is not None and found.key == key else None

    def has_owner_users(self) -> bool:
        return next(self._table.listed("owner_users"), None) is not None

    def drop_owner_user_rows(self, account_id: str) -> None:
        item = self._table.get(f"account#{account_id}", "owner_user")
        if item is not None:
            self._table.together(
                self._table.delete(f"owner_name#{item['key']}", "owner_name"),
                self._table.delete(f"account#{account_id}", "owner_user"),
            )
