"""Links, codes and tokens in the table: each decision is one conditional write."""

import contextlib
import math
import secrets

import msgspec
from msgspec import structs

from showcam.store.dynamodb.table import (
    EXISTS,
    LIVE,
    NEW,
    ConditionFailed,
    Item,
    Table,
    account_there,
    item_of,
    record_of,
    refusing,
)
from showcam.store.outbox import ENDED
from showcam.store.ports import Inconsistent, Replayed, StoreUnavailable
from showcam.store.records import CODE_KEPT_S, TOKEN_KEPT_S, Assistant, Code, Link, Token, addressable

# Parts of the index for each assistant's links, since one takes 1,000 writes a second (docs/integrator/scale.md);
# `shard` finds a link's from the link's id.
SHARDS = tuple(f"{number:02x}" for number in range(64))
OLDER_SHARDS = tuple("0123456789abcdef")  # 0.3 wrote to these: a link's row stays there until the next write


def shard(link_id: str) -> str:
    return SHARDS[sum(link_id.encode()) % len(SHARDS)]


def part(assistant: str, link_id: str) -> str:
    return f"telling#{assistant}#{shard(link_id)}"


def parts(assistant: Assistant) -> list[str]:
    return [f"telling#{assistant}#{shard}" for shard in (*SHARDS, *OLDER_SHARDS)]


class LinkItems:
    _table: Table

    def add_link(self, link: Link) -> None:
        pointer = {"pk": f"account#{link.account}", "sk": f"link#{link.id}", "kind": "linked"}
        row = item_of(f"link#{link.id}", "link", "link", structs.replace(link, ended=None, last_used=0.0))
        row |= {"last_used": link.last_used} | ({} if link.ended is None else {"ended": link.ended})
        exists = account_there(self._table, link.account)
        pointers = [self._table.put(pointer)] if link.ended is None else []
        with refusing():
            self._table.together(exists, self._table.put(row, NEW), *pointers)

    def link(self, link_id: str) -> Link | None:
        item = self._table.get(f"link#{link_id}", "link") if addressable(link_id) else None
        return _link(item) if item else None

    def links(self, account_id: str) -> list[Link]:
        pointers = self._table.query(f"account#{account_id}", "link#")
        items = self._table.get_all([(pointer["sk"], "link") for pointer in pointers])
        found = [link for link in map(_link, items) if link.ended is None]
        return sorted(found, key=lambda link: (link.created, link.id))

    def _tidy(self, link: Link) -> None:
        """Removes the tokens and secrets of an ended link, and the rows that waited for it, except the row of its end.

        A failure is ignored, since nothing uses these rows.
        """
        of_link, of_account = f"link#{link.id}", f"account#{link.account}"
        with contextlib.suppress(StoreUnavailable):
            for pk, prefix in (
                (of_link, "token#"),
                (of_link, "secret#"),
                (of_account, f"outbox#{link.id}#"),
                (of_account, f"laid#{link.id}/"),
            ):
                for item in self._table.query(pk, prefix):
                    if item["kind"] in ("token", "secret") or item["record"]["kind"] != ENDED:
                        self._table.write(self._table.delete(item["pk"], item["sk"]))

    def touch_link(self, link_id: str, now: float) -> None:
        later = f"{EXISTS} AND #last_used < :now"
        touch = self._table.update(f"link#{link_id}", "link", "SET #last_used = :now", later, now=now)
        with contextlib.suppress(ConditionFailed, StoreUnavailable):
            self._table.write(touch, tries=1)

    def add_code(self, code: Code) -> None:
        expires_at = math.ceil(code.expires) + CODE_KEPT_S
        with refusing():
            row = item_of(f"code#{code.hash}", "code", "code", code) | {"expires_at": expires_at}
            self._table.write(self._table.put(row, NEW))

    def code(self, code_hash: str, client_id: str, now: float) -> tuple[Code, Link] | None:
        item = self._table.get(f"code#{code_hash}", "code") if addressable(code_hash, client_id) else None
        code = record_of(item, Code)
        if item is None or code is None or code.client != client_id:
            return None
        link = self.link(code.link)
        if link is None or link.ended is not None:
            return None
        if "used" in item:
            raise Replayed(code.link)
        return (code, link) if code.expires > now else None

    def redeem_code(self, code: Code, now: float, tokens: list[Token]) -> bool:
        unused = f"{EXISTS} AND attribute_not_exists(#used) AND #record.#expires > :now"
        mine = secrets.token_hex(8)  # recognizes this call's write if its answer gets lost
        take = "SET #used = :now, #taken = :mine"
        try:
            self._table.together(
                self._table.update(f"code#{code.hash}", "code", take, unused, now=now, mine=mine),
                self._table.check(f"link#{code.link}", "link", LIVE),
                *(self._table.put(_token_item(token), NEW) for token in tokens),
            )
        except ConditionFailed as failed:
            if 1 in failed.places:  # the link
                return False
            item = self._table.get(f"code#{code.hash}", "code")
            if item is None or "used" not in item:
                return False
            if item["taken"] != mine:
                raise Replayed(code.link) from None
        return True

    def add_tokens(self, tokens: list[Token]) -> bool:
        (link_id,) = {token.link for token in tokens}  # at least one token, and all of the same link
        try:
            self._table.together(
                self._table.check(f"link#{link_id}", "link", LIVE),
                *(self._table.put(_token_item(token), NEW) for token in tokens),
            )
        except ConditionFailed as failed:
            if 0 in failed.places:
                return False
            raise Inconsistent("a token of that hash exists already") from None
        return True

    def find_token(self, link_id: str, token_hash: str) -> tuple[Link, Token] | None:
        if not addressable(link_id, token_hash):
            return None
        items = self._table.get_all([(f"link#{link_id}", "link"), (f"link#{link_id}", f"token#{token_hash}")])
        kinds = {item["kind"]: item for item in items}
        if len(kinds) < 2 or "ended" in kinds["link"]:
            return None
        return _link(kinds["link"]), msgspec.convert(kinds["token"]["record"], Token)


def _token_item(token: Token) -> Item:
    item = item_of(f"link#{token.link}", f"token#{token.hash}", "token", token)
    return item if token.expires is None else item | {"expires_at": math.ceil(token.expires) + TOKEN_KEPT_S}


def _link(item: Item) -> Link:
    changed = {"last_used": float(item["last_used"]), "ended": item.get("ended")}
    return structs.replace(msgspec.convert(item["record"], Link), **changed)
