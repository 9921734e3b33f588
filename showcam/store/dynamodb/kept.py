"""Preferences, small secrets and notices of a household or a link in the table."""

from collections.abc import Sequence

from showcam.store.dynamodb.outbox import TellingItems
from showcam.store.dynamodb.table import EXISTS, LIVE, NEW, Action, ConditionFailed, Item, refusing
from showcam.store.records import Notice, addressable


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


def _secret(pk: str, name: str, sealed: bytes) -> Item:
    return {"pk": pk, "sk": f"secret#{name}", "kind": "secret", "sealed": sealed}


_ADDRESS, _NOTICE = "notice_address#", "notice#"


def _aad(account_id: str, address_id: str) -> str:
    return f"notice_address|{account_id}|{address_id}"
