"""The outbox in the table, as changes add rows to it; claims.py takes them from there.

A link's row `telling` holds its LOOK and says when the link is next due; happenings have separate rows. Each addition
is counted in `news`: when a claim ends, this shows whether rows came meanwhile.
"""

import contextlib
import math
from collections.abc import Iterable

from showcam.store.dynamodb.ephemeral import put_known
from showcam.store.dynamodb.links import LinkItems
from showcam.store.dynamodb.table import NEW, Action, ConditionFailed, Item, item_of
from showcam.store.outbox import OUTBOX_KEPT_S, RING, Row, ended_row, happening_row, sees
from showcam.store.ports import StoreUnavailable
from showcam.store.records import HAPPENING_KEPT_S, Happening, Known, Link
from showcam.store.sealing import Sealer

SHARDS = "0123456789abcdef"  # of the index; `shard` finds a link's from the link's id
_MOST = 80  # actions in a transaction, as well as those for the state
RACES = 32  # tries of a write, since another write may come first


class TellingItems(LinkItems):
    _sealer: Sealer

    def record_change(self, account_id: str, source_id: str, known: Known) -> bool:
        looks = self._looks(account_id, known.as_of)
        try:
            self._with(looks, put_known(self._table, self._sealer, account_id, source_id, known))
        except ConditionFailed:
            return False
        return True

    def record_happening(
        self, account_id: str, happening: Happening, same_s: float, told: tuple[str, ...] | None
    ) -> bool:
        pk, sk = f"account#{account_id}", f"happening#{happening.camera}#{happening.kind}"
        for _ in range(RACES):
            stored = self._table.get(pk, sk)
            if stored is not None and stored["at"] >= happening.at:
                return False
            new = stored is None or stored["at"] <= happening.at - same_s
            links = self.links(account_id) if new and told is not None else []
            actions = [
                action
                for link in links
                if sees(link, happening.camera)
                for action in (
                    self._add(*(happening_row(link, happening, kind) for kind in told))
                    if told
                    else [self._look(link, happening.at)]
                )
            ]
            put = self._table.update(
                pk,
                sk,
                "SET #kind = :kind, #camera = :camera, #what = :what, #at = :at, #expires_at = :ends",
                "#at = :seen" if stored else "attribute_not_exists(#pk)",
                kind="happening",
                camera=happening.camera,
                what=happening.kind,
                at=happening.at,
                ends=math.ceil(happening.at + HAPPENING_KEPT_S),
                **({"seen": stored["at"]} if stored else {}),
            )
            try:
                self._with(actions, put)
            except ConditionFailed:
                continue
            return new
        raise StoreUnavailable("other callers noted the same happening in every try")

    def look(self, account_id: str, at: float, link_id: str = "") -> None:
        self._with(self._looks(account_id, at, link_id))

    def note_listed(self, account_id: str, link_id: str, at: float, due: float) -> None:
        known = self._table.get(f"account#{account_id}", f"telling#{link_id}")
        link = self.link(link_id) if known is None or "listed" not in known else None
        if link is None or link.ended is not None:
            return
        first = min(due, float(known.get("wanted", due))) if known else due
        unless, values = ("#news = :seen", {"seen": known["news"]}) if known else (NEW, dict[str, object]())
        sets = "#listed = :listed, #again = :again"
        if known and "claimed" not in known:
            unless += " AND attribute_not_exists(#claimed)"
            first = min(due, max(float(known.get("wanted", due)), float(known.get("free", 0))))
            sets, values = f"{sets}, #free = :none, #tries = :none", values | {"none": 0}
        with contextlib.suppress(ConditionFailed):  # another write came first; the next fetch is noted
            self._table.write(self._wanted(link, first, sets, unless=unless, listed=at, again=due, **values))

    def _ended(self, link: Link, at: float) -> list[Action]:
        """Replaces the link's state by the row of its end; the next claim removes the rows of happenings."""
        return [
            self._table.put(_key(link, at) | {"news": 1, "wanted": at}),
            self._table.put(_item(ended_row(link, at))),
        ]

    def _with(self, actions: Iterable[Action], *state: Action) -> None:
        """Writes the state and the first actions in one transaction.

        Actions beyond the size of a transaction are written before it: they may be repeated.
        """
        listed = list(actions)
        for start in range(_MOST, len(listed), _MOST):
            self._table.together(*listed[start : start + _MOST])
        if listed or state:
            self._table.together(*listed[:_MOST], *state)

    def _add(self, *rows: Row) -> list[Action]:
        """Adds rows of a link, all due at the same time. A ring does not wait for the pause after a failed try."""
        rings = [row for row in rows if row.kind == RING]
        wanted = self._wanted(rows[0], rows[0].due, "#rung = :due" if rings else "")
        return [*(self._table.put(_item(row)) for row in rows), wanted]

    def _looks(self, account_id: str, at: float, link_id: str = "") -> list[Action]:
        """A LOOK for each live link of the household, or only for `link_id`."""
        return [self._look(link, at) for link in self.links(account_id) if link_id in ("", link.id)]

    def _look(self, link: Link, at: float) -> Action:
        return self._wanted(link, at, "#look_at = if_not_exists(#look_at, :due)", "#look :one", one=1)

    def _wanted(
        self, of: Link | Row, due: float, sets: str = "", adds: str = "", unless: str = "", **values: object
    ) -> Action:
        """Makes the link due at `due`. The link may be due later already, but not sooner."""
        link_id = of.id if isinstance(of, Link) else of.link
        key = _key(of, due)
        names = ("kind", "account", "link", "assistant", "gsi1pk", "gsi1sk")
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in names) + ", #wanted = :due"
        update += (f", {sets}" if sets else "") + " ADD #news :news" + (f", {adds}" if adds else "")
        values |= {name: key[name] for name in names} | {"due": due, "news": 1}
        return self._table.update(f"account#{of.account}", f"telling#{link_id}", update, unless, **values)


def shard(link_id: str) -> str:
    return SHARDS[sum(link_id.encode()) % len(SHARDS)]


def listed_as(due: float, link_id: str) -> str:
    """The sort key of the index. A query by this key reads only the links that are due."""
    return f"{due:015.3f}#{link_id}"


def _key(of: Link | Row, due: float) -> Item:
    link_id = of.id if isinstance(of, Link) else of.link
    return {
        "pk": f"account#{of.account}",
        "sk": f"telling#{link_id}",
        "kind": "telling",
        "account": of.account,
        "link": link_id,
        "assistant": of.assistant,
        "gsi1pk": f"telling#{of.assistant}#{shard(link_id)}",
        "gsi1sk": listed_as(due, link_id),
    }


def outbox_key(row: Row) -> str:
    return f"outbox#{row.link}#{row.at:015.3f}#{row.kind}#{row.subject}"


def _item(row: Row) -> Item:
    item = item_of(f"account#{row.account}", outbox_key(row), "outbox", row)
    return item | {"expires_at": math.ceil(row.at + OUTBOX_KEPT_S)}
