"""Households with their sources, preferences, small secrets and notices, and assistants' registrations in the table."""

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from showcam.store.dynamodb.outbox import TellingItems
from showcam.store.dynamodb.table import (
    LIVE,
    NEW,
    Action,
    ConditionFailed,
    Item,
    Table,
    account_there,
    item_of,
    record_of,
    refusing,
    swap_sealed,
    took,
)
from showcam.store.ports import Inconsistent, StoreUnavailable
from showcam.store.records import Account, Client, Notice, OwnerUser, Session, Source, SourceState, addressable
from showcam.store.sealing import Sealer

_RACES = 8
_ADDRESS, _NOTICE = "notice_address#", "notice#"


class AccountItems(TellingItems):
    _table: Table
    _sealer: Sealer

    def add_account(self, account: Account) -> None:
        with refusing():
            self._table.write(self._new_account(account))

    def add_household(self, account: Account, source: Source, secrets: bytes, state: SourceState) -> bool:
        return self._add_source(self._new_account(account), source, secrets, state)

    def account(self, account_id: str) -> Account | None:
        return record_of(self._table.get(f"account#{account_id}", "account"), Account)

    def accounts(self, after: str = "", until: str = "") -> Iterator[Account]:
        items = self._table.listed("accounts", after, until)
        return (msgspec.convert(item["record"], Account) for item in items)

    def drop_household(self, account_id: str) -> bool:
        pk = f"account#{account_id}"
        if self.account(account_id) is None:
            return False
        # The history may have thousands of rows. If the removal is cut off there, the owner can still sign in and
        # repeat it.
        self._table.clear(pk, "ask#")
        self._clear(account_id)
        self._table.write(self._table.delete(pk, "account"))
        self._clear(account_id)  # rows that others wrote before the account was gone
        return True

    def _clear(self, account_id: str) -> None:
        """Removes the household's rows, its users' names last: a repeated removal finds the household by a name."""
        pk = f"account#{account_id}"
        for pointer in self._table.query(pk, "link#"):
            self._clear_link(pk, pointer["sk"])
            self._table.write(self._table.delete(pk, pointer["sk"]))  # last, since the link's rows are found by it
        for prefix in ("known", "preference#", "secret#", "notice", "happening#", "device#", "ask#"):
            self._table.clear(pk, prefix)
        for source in self.sources(account_id):
            self._table.together(
                self._table.delete(f"vendor#{source.vendor_key}", "vendor"),
                self._table.delete(pk, f"source#{source.id}"),
            )
        self.drop_owner_user_rows(account_id)

    def _clear_link(self, pk: str, link: str) -> None:
        """Removes all rows of a live link; `link` is its key. A link's end is reported even without the household."""
        link_id = link.removeprefix("link#")
        for kind in ("link", "token#", "secret#"):
            self._table.clear(link, kind)
        for kind in (f"telling#{link_id}", f"outbox#{link_id}#", f"laid#{link_id}/"):
            self._table.clear(pk, kind)

    def add_source(self, source: Source, secrets: bytes, state: SourceState) -> bool:
        return self._add_source(account_there(self._table, source.account), source, secrets, state)

    def source_by_vendor_key(self, vendor_key: str) -> Source | None:
        return record_of(self._table.get(f"vendor#{vendor_key}", "vendor"), Source)

    def sources(self, account_id: str) -> list[Source]:
        items = self._table.query(f"account#{account_id}", "source#")
        found = [msgspec.convert(item["record"], Source) for item in items]
        return sorted(found, key=lambda source: (source.created, source.id))

    def read_session(self, account_id: str, source_id: str) -> Session | None:
        item = self._table.get(f"account#{account_id}", f"source#{source_id}")
        if item is None:
            return None
        secrets = self._sealer.open(f"source|{account_id}|{source_id}", item["sealed"])
        return Session(secrets, item["state"], item["version"])

    def swap_session(
        self,
        account_id: str,
        source_id: str,
        *,
        version: int,
        secrets: bytes,
        state: SourceState,
        look_at: float | None = None,
    ) -> bool:
        sealed = self._sealer.seal(f"source|{account_id}|{source_id}", secrets)
        pk, sk = f"account#{account_id}", f"source#{source_id}"
        write = None if look_at is None else partial(self._with, self._looks(account_id, look_at))
        return swap_sealed(self._table, pk, sk, sealed, version, write=write, state=state)

    def _new_account(self, account: Account) -> Action:
        listed = {"gsi1pk": "accounts", "gsi1sk": account.id}
        return self._table.put(item_of(f"account#{account.id}", "account", "account", account) | listed, NEW)

    def _add_source(self, first: Action, source: Source, secrets: bytes, state: SourceState) -> bool:
        sealed = self._sealer.seal(f"source|{source.account}|{source.id}", secrets)
        row = item_of(f"account#{source.account}", f"source#{source.id}", "source", source)
        vendor = item_of(f"vendor#{source.vendor_key}", "vendor", "vendor", source)
        try:
            self._table.together(
                first,
                self._table.put(row | {"sealed": sealed, "state": state, "version": 1}, NEW),
                self._table.put(vendor, NEW),
            )
        except ConditionFailed as failed:
            if 2 in failed.places:  # the vendor key
                return False
            raise Inconsistent("the account is missing, or the id is taken") from None
        return True

    def put_client(self, client: Client) -> None:
        listed = {"gsi1pk": "clients", "gsi1sk": client.id}
        self._table.write(self._table.put(item_of(f"client#{client.id}", "client", "client", client) | listed))

    def client(self, client_id: str) -> Client | None:
        return record_of(self._table.get(f"client#{client_id}", "client"), Client) if addressable(client_id) else None

    def clients(self) -> list[Client]:
        return [msgspec.convert(item["record"], Client) for item in self._table.listed("clients")]

    def drop_client(self, client_id: str) -> bool:
        return bool(self._table.write(self._table.delete(f"client#{client_id}", "client")))

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
            account_there(self._table, account_id),
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
        is_live = self._table.check(f"link#{link_id}", "link", LIVE)
        return took(self._table.together, is_live, self._table.put(_secret(f"link#{link_id}", name, sealed)))

    def link_secret(self, link_id: str, name: str) -> bytes | None:
        if not addressable(link_id, name):
            return None
        items = self._table.get_all([(f"link#{link_id}", "link"), (f"link#{link_id}", f"secret#{name}")])
        kinds = {item["kind"]: item for item in items}
        if len(kinds) < 2 or "ended" in kinds["link"]:
            return None
        return self._sealer.open(f"link_secret|{link_id}|{name}", kinds["secret"]["sealed"])

    def _put_of_account(self, account_id: str, row: Item, looks: Sequence[Action] = ()) -> None:
        with refusing():
            self._with(looks, account_there(self._table, account_id), self._table.put(row))

    def put_notice_address(self, account_id: str, address_id: str, data: bytes) -> None:
        sealed = self._sealer.seal(_aad(account_id, address_id), data)
        row = {"pk": f"account#{account_id}", "sk": f"{_ADDRESS}{address_id}", "kind": "notice_address"}
        self._put_of_account(account_id, row | {"sealed": sealed})

    def notice_addresses(self, account_id: str) -> dict[str, bytes]:
        items = self._table.query(f"account#{account_id}", _ADDRESS)
        sealed = {str(item["sk"]).removeprefix(_ADDRESS): item["sealed"] for item in items}
        return {address: self._sealer.open(_aad(account_id, address), data) for address, data in sealed.items()}

    def drop_notice_address(self, account_id: str, address_id: str) -> bool:
        return bool(self._table.write(self._table.delete(f"account#{account_id}", f"{_ADDRESS}{address_id}")))

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        pk, sk = f"account#{account_id}", f"{_NOTICE}{fault}"
        if data is None:
            return took(self._table.write, self._table.delete(pk, sk, "#version = :version", version=version))
        row = {"pk": pk, "sk": sk, "kind": "notice", "data": data, "version": version + 1}
        if version:
            return took(self._table.write, self._table.put(row, "#version = :version", version=version))
        try:
            self._table.together(account_there(self._table, account_id), self._table.put(row, NEW))
        except ConditionFailed as failed:
            if 1 not in failed.places:
                with refusing():
                    raise
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


def _aad(account_id: str, address_id: str) -> str:
    return f"notice_address|{account_id}|{address_id}"
