"""Notices to owners in the table."""

from store.dynamodb.items import refusing
from store.dynamodb.table import EXISTS, NEW, ConditionFailed, Item, Table
from store.records import Notice
from store.sealing import Sealer

_ADDRESS, _NOTICE = "notice_address#", "notice#"


class NoticeItems:
    _table: Table
    _sealer: Sealer

    def put_notice_address(self, account_id: str, address_id: str, data: bytes) -> None:
        sealed = self._sealer.seal(_aad(account_id, address_id), data)
        row = {"pk": f"account#{account_id}", "sk": f"{_ADDRESS}{address_id}", "kind": "notice_address"}
        with refusing():
            self._table.together(
                self._table.check(f"account#{account_id}", "account", EXISTS),
                self._table.put(row | {"sealed": sealed}),
            )

    def notice_addresses(self, account_id: str) -> dict[str, bytes]:
        items = self._table.query(f"account#{account_id}", _ADDRESS)
        sealed = {str(item["sk"]).removeprefix(_ADDRESS): item["sealed"] for item in items}
        return {address: self._sealer.open(_aad(account_id, address), data) for address, data in sealed.items()}

    def drop_notice_address(self, account_id: str, address_id: str) -> bool:
        return bool(self._table.write(self._table.delete(f"account#{account_id}", f"{_ADDRESS}{address_id}")))

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        pk, sk = f"account#{account_id}", f"{_NOTICE}{fault}"
        if data is None:
            return self._drop(pk, sk, version)
        row = {"pk": pk, "sk": sk, "kind": "notice", "data": data, "version": version + 1}
        if version:
            return self._replace(row, version)
        try:
            self._table.together(self._table.check(pk, "account", EXISTS), self._table.put(row, NEW))
        except ConditionFailed as failed:
            if 1 not in failed.places:
                with refusing():
                    raise
            return False
        return True

    def _replace(self, row: Item, version: int) -> bool:
        try:
            self._table.write(self._table.put(row, "#version = :version", version=version))
        except ConditionFailed:
            return False
        return True

    def _drop(self, pk: str, sk: str, version: int) -> bool:
        try:
            self._table.write(self._table.delete(pk, sk, "#version = :version", version=version))
        except ConditionFailed:
            return False
        return True

    def notices(self, account_id: str) -> list[Notice]:
        items = self._table.query(f"account#{account_id}", _NOTICE)
        return [
            Notice(account_id, str(item["sk"]).removeprefix(_NOTICE), item["data"], int(item["version"]))
            for item in items
        ]


def _aad(account_id: str, address_id: str) -> str:
    return f"notice_address|{account_id}|{address_id}"
