"""The outbox in the table: changes add rows, a sender claims a link's rows and settles them.

A link's row `telling` holds its LOOK and says when the link is next due; happenings have separate rows. Each addition
is counted in `news`: when a claim ends, this shows whether rows came meanwhile.
"""

import contextlib
import heapq
import math
import secrets
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import batched, islice

from msgspec.structs import replace

from showcam.store.dynamodb.ephemeral import put_known
from showcam.store.dynamodb.links import SHARDS, LinkItems, part, parts
from showcam.store.dynamodb.outbox_items import (
    free_at,
    listed_as,
    looks_of,
    outbox_item,
    outbox_key,
    parked_item,
    row_of,
    telling_key,
)
from showcam.store.dynamodb.table import EXISTS, LIVE, NEW, Action, ConditionFailed, Item, account_there, took
from showcam.store.outbox import (
    LOOK,
    RING,
    Claim,
    Laid,
    Row,
    Settled,
    Telling,
    ended_row,
    happening_row,
    sees,
    why_of,
)
from showcam.store.ports import StoreUnavailable
from showcam.store.records import HAPPENING_KEPT_S, LINK_KEPT_S, Assistant, Happening, Known, Link
from showcam.store.sealing import Sealer

_MOST = 80  # actions in a transaction, as well as those for the state
SPARE = 10  # items of a shard that are read beyond its even share of those that are asked for
RACES = 32  # tries of a write, since another write may come first
# somebody has rung since the last claim: the ring waits for a pause that the service asked for, but not for the pause
# after a failed try
_RUNG = (
    "attribute_exists(#rung) AND attribute_not_exists(#claimed) AND (attribute_not_exists(#asked) OR #asked <= :now)"
)


class TellingItems(LinkItems):
    _sealer: Sealer

    def end_link(self, link_id: str, now: float) -> bool:
        link = self.link(link_id)
        if link is None:
            return False
        if link.ended is not None:
            self._tidy(link)  # the process that ended the link may have been killed before tidying
            return False
        mark = "SET #ended = :now, #expires_at = :expires_at"
        over = math.ceil(now) + LINK_KEPT_S
        ended = took(
            self._table.together,
            self._table.update(f"link#{link_id}", "link", mark, LIVE, now=now, expires_at=over),
            self._table.delete(f"account#{link.account}", f"link#{link_id}"),
            # the row of its end replaces the link's state; the next claim removes the rows of happenings
            self._table.put(telling_key(link, now) | {"news": 1, "wanted": now}),
            self._table.put(outbox_item(ended_row(link, now))),
        )
        if ended:
            self._tidy(link)
        return ended

    def choose_cameras(self, link_id: str, cameras: tuple[str, ...] | None, at: float) -> bool:
        link = self.link(link_id)
        if link is None:
            return False
        chosen = None if cameras is None else list(cameras)
        change = "SET #record.#cameras = :cameras"
        update = self._table.update(f"link#{link_id}", "link", change, LIVE, cameras=chosen)
        return took(self._table.together, update, self._look(link, at))

    def record_change(self, account_id: str, source_id: str, known: Known) -> bool:
        put = put_known(self._table, self._sealer, account_id, source_id, known)
        looks = self._looks(account_id, known.as_of)
        return took(partial(self._with, looks), account_there(self._table, account_id), put)

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
            # a removal deletes the stored happening, so only a first happening needs the check of the account
            first = [] if stored else [account_there(self._table, account_id)]
            if took(partial(self._with, actions), *first, put):
                return new
            if self._table.get(pk, "account") is None:
                return False
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
        return [*(self._table.put(outbox_item(row)) for row in rows), wanted]

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
        key = telling_key(of, due)
        names = ("kind", "account", "link", "assistant", "gsi1pk", "gsi1sk")
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in names) + ", #wanted = :due"
        # a parked row that is put back may find the row of an ended link, which was to be removed
        update += (f", {sets}" if sets else "") + " REMOVE #expires_at ADD #news :news" + (f", {adds}" if adds else "")
        values |= {name: key[name] for name in names} | {"due": due, "news": 1}
        return self._table.update(f"account#{of.account}", f"telling#{link_id}", update, unless, **values)

    def due(self, assistant: Assistant, now: float, most: int) -> list[tuple[str, str]]:
        until = listed_as(now + 0.001, "~")  # a key is rounded to a millisecond
        page = most // len(SHARDS) + SPARE
        listed = (self._table.listed(part, until=until, page=page) for part in parts(assistant))
        # reads no further than to the last one that is answered: thousands of links wait while an assistant is down
        soon = heapq.merge(*listed, key=lambda item: item["gsi1sk"])
        waiting = islice((item for item in soon if item["wanted"] <= now and free_at(item) <= now), most)
        return [(item["account"], item["link"]) for item in waiting]

    def claim(self, account_id: str, link_id: str, now: float, until: float, most: int) -> Claim | None:
        by = secrets.token_hex(8)
        take = self._table.update(
            f"account#{account_id}",
            f"telling#{link_id}",
            "SET #claimed = :by, #free = :until REMOVE #rung",
            f"{EXISTS} AND #wanted <= :now AND (attribute_not_exists(#free) OR #free <= :now OR ({_RUNG}))",
            by=by,
            until=until,
            now=now,
        )
        try:
            item = self._table.write(take)
        except ConditionFailed as failed:
            # an earlier try of this call, whose answer was lost, has claimed it
            if failed.item is None or failed.item.get("claimed") != by:
                return None
            item = failed.item
        link = self.link(link_id)
        rows = sorted(
            [*looks_of(item, now), *self._rows(account_id, link_id)], key=lambda row: (row.at, row.kind, row.subject)
        )
        return Claim(
            account_id,
            link_id,
            link if link and link.ended is None else None,
            tuple(row for row in rows if row.due <= now)[: min(most, _MOST)],
            item.get("told"),
            item.get("turn", 0),
            float(item["listed"]) if "listed" in item else None,
            item.get("tries", 0),
            why_of(item.get("why"), item.get("reason", "")),
            by,
        )

    def settle(self, claim: Claim, settled: Settled) -> bool:
        try:
            settled = self._fitted(claim, settled)
        except ConditionFailed:
            return False
        pk, sk = f"account#{claim.account}", f"telling#{claim.link_id}"
        over = {row.id for row in settled.over} | {laid.row.id for laid in settled.laid}
        # a parked camera that was put back and is refused again has the key of the row it had
        parked = {outbox_key(laid.row) for laid in settled.laid}
        gone = {outbox_key(row) for row in settled.over if row.subject} - parked
        for _ in range(RACES):
            item = self._table.get(pk, sk)
            if item is None or item.get("claimed") != claim.by:
                return False
            left = [row.due for row in self._rows(claim.account, claim.link_id) if row.id not in over]
            state = self._state(item, claim, settled, left)
            try:
                self._table.together(
                    state, *(self._table.delete(pk, key) for key in gone), *self._parking(claim, settled.laid)
                )
            except ConditionFailed:
                continue
            return True
        raise StoreUnavailable("others added rows to the same link in every try")

    def _fitted(self, claim: Claim, settled: Settled) -> Settled:
        """Parks rows that do not fit into the transaction of `settle`, and returns the rest.

        Each row is parked by one transaction, and only while the claim is held. So if the sender is killed in between,
        the next one finds the other rows. Raises ConditionFailed.
        """
        first = max(0, len(settled.laid) - (_MOST - len(settled.over)) // 2)
        held = self._table.check(f"account#{claim.account}", f"telling#{claim.link_id}", "#claimed = :by", by=claim.by)
        for few in batched(settled.laid[:first], _MOST // 2, strict=False):
            self._table.together(held, *self._parking(claim, few))
        return replace(settled, laid=settled.laid[first:])

    def _parking(self, claim: Claim, rows: Iterable[Laid]) -> Iterator[Action]:
        """Two actions for each row: it is parked, and waits no longer."""
        for laid in rows:
            yield self._table.put(parked_item(laid))
            yield self._table.delete(f"account#{claim.account}", outbox_key(laid.row))

    def free_claims(self, at: float) -> None:
        for assistant in ("alexa", "google"):
            for item in self._tellings(assistant):
                if item.get("claimed"):
                    free = self._table.update(item["pk"], item["sk"], "SET #free = :at REMOVE #claimed", EXISTS, at=at)
                    self._table.write(free)

    def waiting(self, now: float, account_id: str = "") -> list[Row]:
        if account_id:
            tellings = [item for item in self._table.query(f"account#{account_id}", "telling#") if "wanted" in item]
        else:
            tellings = [item for assistant in ("alexa", "google") for item in self._tellings(assistant)]
        rows = [row for item in tellings for row in (*looks_of(item, now), *self._rows(item["account"], item["link"]))]
        return sorted((row for row in rows if row.due <= now), key=lambda row: (row.at, row.kind, row.subject))

    def backlog(self, now: float) -> dict[Assistant, tuple[int, float]]:
        waits: dict[Assistant, list[float]] = {}
        for row in self.waiting(now):
            waits.setdefault(row.assistant, []).append(row.due)
        return {assistant: (len(due), min(due)) for assistant, due in waits.items()}

    def laid_down(self, account_id: str = "") -> list[Laid]:
        items = self._table.query(f"account#{account_id}", "laid#") if account_id else self._table.listed("laid")
        found = [
            Laid(row_of(item), float(item["laid"]), item["reason"], why_of(item.get("why"), item["reason"]))
            for item in items
        ]
        return sorted(found, key=lambda laid: (laid.at, laid.row.id))

    def retry(self, account_id: str, row_id: str, now: float) -> bool:
        item = self._table.get(f"account#{account_id}", f"laid#{row_id}")
        if item is None:
            return False
        self._table.together(self._table.delete(item["pk"], item["sk"]), *self._add(replace(row_of(item), due=now)))
        return True

    def drop(self, account_id: str, row_id: str) -> bool:
        return bool(self._table.write(self._table.delete(f"account#{account_id}", f"laid#{row_id}")))

    def tellings(self, account_id: str) -> dict[str, Telling]:
        items = self._table.query(f"account#{account_id}", "telling#")
        return {
            item["link"]: Telling(
                item["link"],
                float(item["listed"]) if "listed" in item else None,
                float(item["told_at"]) if "told_at" in item else None,
                item.get("told_what", ""),
                item.get("tries", 0),
                item.get("reason", ""),
                max(float(item["wanted"]), free_at(item)) if "wanted" in item else None,
                why_of(item.get("why"), item.get("reason", "")),
            )
            for item in items
        }

    def _rows(self, account_id: str, link_id: str) -> list[Row]:
        return [row_of(item) for item in self._table.query(f"account#{account_id}", f"outbox#{link_id}#")]

    def _tellings(self, assistant: Assistant) -> Iterator[Item]:
        return (item for part in parts(assistant) for item in self._table.listed(part))

    def _state(self, item: Item, claim: Claim, settled: Settled, left: list[float]) -> Action:
        """Writes the link's state after the claim, unless others have added rows since `item` was read."""
        looked = [row for row in (*settled.over, *(laid.row for laid in settled.laid)) if row.kind == LOOK]
        looked = [row for row in looked if not row.subject]
        sets: Item = {"free": settled.wait, "asked": settled.asked, "tries": settled.tries}
        sets |= {"reason": settled.reason, "why": settled.why or ""}
        removes = ["claimed"]
        look_at, again = item.get("look_at"), item.get("again")
        if looked:
            if item.get("look", 0) == looked[0].number - (again is not None):
                removes += ["look", "look_at"]
                look_at = None
            if again is not None and again <= looked[0].due:
                removes.append("again")
                again = None
        if settled.again is not None:
            again = settled.again if again is None else min(again, settled.again)
            removes = [name for name in removes if name != "again"]
            sets["again"] = again
        if settled.told is not None:
            sets |= {"told": settled.told, "turn": claim.turn + 1}
        if settled.what:
            sets |= {"told_at": settled.at, "told_what": settled.what}
        if settled.forget:
            sets = {name: value for name, value in sets.items() if name != "told"} | {"turn": claim.turn + 1}
            removes += ["told", "listed"]
        due = [*left, *(at for at in (look_at, again) if at is not None)]
        if due:
            # a link that pauses is listed at its pause's end, so that `due` does not read it again and again until then
            free = settled.asked if "rung" in item else settled.wait
            sets |= {"wanted": min(due), "gsi1pk": part(item["assistant"], claim.link_id)}
            sets["gsi1sk"] = listed_as(max(min(due), free), claim.link_id)
        else:
            removes += ["wanted", "gsi1pk", "gsi1sk"]
        if claim.link is None and not due:
            sets["expires_at"] = math.ceil(settled.at)
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in sets) + " REMOVE #" + ", #".join(removes)
        held = "#claimed = :by AND #news = :seen"
        return self._table.update(item["pk"], item["sk"], update, held, by=claim.by, seen=item["news"], **sets)
