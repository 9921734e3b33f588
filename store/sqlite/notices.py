"""Notices to owners in SQLite."""

from store.records import Notice
from store.sealing import Sealer
from store.sqlite.database import Database


class NoticeRows:
    _database: Database
    _sealer: Sealer

    def put_notice_address(self, account_id: str, address_id: str, data: bytes) -> None:
        sealed = self._sealer.seal(_aad(account_id, address_id), data)
        with self._database.writing() as write:
            write.execute("INSERT OR REPLACE INTO notice_address VALUES (?, ?, ?)", (account_id, address_id, sealed))

    def notice_addresses(self, account_id: str) -> dict[str, bytes]:
        found = self._database.all("SELECT id, sealed FROM notice_address WHERE account = ? ORDER BY id", account_id)
        return {address: self._sealer.open(_aad(account_id, address), sealed) for address, sealed in found}

    def drop_notice_address(self, account_id: str, address_id: str) -> bool:
        with self._database.writing() as write:
            gone = write.execute("DELETE FROM notice_address WHERE account = ? AND id = ?", (account_id, address_id))
            return gone.rowcount == 1

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        with self._database.writing() as write:
            if data is None:
                sql = "DELETE FROM notice WHERE account = ? AND fault = ? AND version = ?"
                swapped = write.execute(sql, (account_id, fault, version))
            elif version:
                sql = "UPDATE notice SET data = ?, version = ? WHERE account = ? AND fault = ? AND version = ?"
                swapped = write.execute(sql, (data, version + 1, account_id, fault, version))
            else:
                sql = "INSERT INTO notice VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING"
                swapped = write.execute(sql, (account_id, fault, data))
            return swapped.rowcount == 1

    def notices(self, account_id: str) -> list[Notice]:
        sql = "SELECT account, fault, data, version FROM notice WHERE account = ? ORDER BY fault"
        return [Notice(*row) for row in self._database.all(sql, account_id)]


def _aad(account_id: str, address_id: str) -> str:
    return f"notice_address|{account_id}|{address_id}"
