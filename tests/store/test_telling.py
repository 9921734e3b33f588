"""What waits to be told to assistants, and what each link was told, in every engine."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.registry.reporting.delivery import MOST
from showcam.store.outbox import ENDED, LOOK, OUTBOX_KEPT_S, Claim, Laid, Row, Settled, Why
from showcam.store.ports import Store
from showcam.store.records import Account, Happening, Known, Link, Source, SourceState
from tests.doubles import records as a

pytestmark = pytest.mark.proves(
    "A change and its row in the outbox are one write, in SQLite and in DynamoDB",
    leans_on="second stack: moto and ministack",
)

NOW = a.NOW
LEASE_S = 20.0
type AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


class World:
    """A household with a link of each assistant, and a neighbour with one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.home, self.neighbour = a.account(), a.account()
        self.source: Source = a.source(self.home)
        store.add_household(self.home, self.source, b"s", "ok")
        store.add_account(self.neighbour)
        self.alexa = self.link(self.home, cameras=None)
        self.google = self.link(self.home, assistant="google", cameras=("garden",))
        self.other = self.link(self.neighbour, cameras=None)

    def link(self, of: Account, **fields: Any) -> Link:
        link = a.link(of, **fields)
        self.store.add_link(link)
        return link

    def changed(self, at: float = NOW) -> None:
        self.store.record_change(self.home.id, self.source.id, Known(b"list", at))

    def rang(self, at: float = NOW, kind: str = "doorbell", camera: str = "garden", *, same_s: float = 3.0) -> bool:
        return self.store.record_happening(self.home.id, Happening(camera, kind, at), same_s, (kind,))

    def claim(self, link: Link | None = None, now: float = NOW, most: int = 50) -> Claim:
        link = link or self.alexa
        claim = self.store.claim(link.account, link.id, now, now + LEASE_S, most)
        assert claim is not None
        return claim

    def swap(self, version: int, state: SourceState) -> bool:
        return self.store.swap_session(
            self.home.id, self.source.id, version=version, secrets=b"new", state=state, look_at=NOW
        )

    def over(self) -> None:
        """All that waits was told."""
        for link in (self.alexa, self.google):
            if link.id in self.due():
                claim = self.claim(link)
                self.store.settle(claim, Settled(NOW, claim.rows))

    def due(self, now: float = NOW) -> set[str]:
        return {link for who in ("alexa", "google") for _, link in self.store.due(who, now, 50)}


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def kinds(rows: tuple[Row, ...] | list[Row]) -> list[str]:
    return [row.kind for row in rows]


class TestRecording:
    def test_a_list_and_a_look_for_each_live_link_of_the_household_are_one_write(self, world: World) -> None:
        ended = world.link(world.home)
        world.store.end_link(ended.id, NOW - 1)
        world.store.settle(settled := world.claim(ended), Settled(NOW, settled.rows))
        world.changed()
        assert world.store.known(world.home.id, world.source.id) == Known(b"list", NOW)
        waiting = world.store.waiting(NOW)
        assert {(row.link, row.kind, row.at) for row in waiting} == {
            (link.id, LOOK, NOW) for link in (world.alexa, world.google)
        }
        assert world.due() == {world.alexa.id, world.google.id}
        ours = world.store.waiting(NOW, world.home.id)
        assert sorted(ours, key=lambda row: row.link) == sorted(waiting, key=lambda row: row.link)
        assert world.store.waiting(NOW, world.neighbour.id) == []
        assert world.store.waiting(NOW - 1, world.home.id) == []

    def test_nothing_waits_where_nothing_changed(self, world: World) -> None:
        assert world.due() == set()
        assert world.store.claim(world.home.id, world.alexa.id, NOW, NOW + 1, 9) is None
        assert world.store.tellings(world.home.id) == {}

    def test_later_changes_join_a_look_that_waits(self, world: World) -> None:
        for at in (NOW, NOW + 1, NOW + 2):
            world.changed(at)
        (row,) = world.claim(now=NOW + 2).rows
        assert (row.kind, row.number, row.at) == (LOOK, 3, NOW)

    def test_a_ring_is_a_row_for_each_link_that_may_see_the_camera(self, world: World) -> None:
        assert world.rang(camera="attic")
        assert world.due() == {world.alexa.id}
        assert world.rang(camera="garden", at=NOW + 1)
        assert world.due(NOW + 1) == {world.alexa.id, world.google.id}
        rows = world.claim(now=NOW + 1).rows
        assert [(row.kind, row.subject, row.at) for row in rows] == [
            ("doorbell", "attic", NOW),
            ("doorbell", "garden", NOW + 1),
        ]
        assert len({row.id for row in (*rows, *world.claim(world.google, NOW + 1).rows)}) == 3

    @pytest.mark.parametrize(
        ("second", "new"),
        [(NOW, False), (NOW + 2.9, False), (NOW + 3.0, True), (NOW - 60, False)],
        ids=["the same", "within the time", "after it", "from before"],
    )
    def test_a_repeated_message_is_no_second_ring(self, world: World, second: float, new: bool) -> None:
        assert world.rang()
        assert world.rang(second) is new
        assert len(world.claim(now=NOW + 4).rows) == 1 + new
        assert world.store.happenings(world.home.id, 0.0)[-1].at == max(NOW, second)

    @pytest.mark.parametrize(("announced", "rows"), [(None, []), ((), [LOOK]), (("motion",), ["motion"])])
    def test_what_is_not_announced_is_a_state_and_what_is_late_is_neither(
        self, world: World, announced: tuple[str, ...] | None, rows: list[str]
    ) -> None:
        assert world.store.record_happening(world.home.id, Happening("attic", "motion", NOW), 30.0, announced)
        assert [(row.link, row.kind) for row in world.store.waiting(NOW)] == [(world.alexa.id, kind) for kind in rows]
        assert world.store.happenings(world.home.id, 0.0) == [Happening("attic", "motion", NOW)]

    def test_what_is_told_may_be_another_kind(self, world: World) -> None:
        announced = ("motion", "doorbell")
        assert world.store.record_happening(world.home.id, Happening("garden", "motion", NOW), 30.0, announced)
        assert kinds(world.claim().rows) == ["doorbell", "motion"]

    def test_of_ten_messages_at_once_one_is_new(self, world: World, at_once: AtOnce) -> None:
        assert Counter(at_once(10, lambda _: world.rang())) == {True: 1, False: 9}
        assert len(world.claim().rows) == 1

    def test_what_its_owner_changes_and_a_look_of_each_link_are_one_write(self, world: World) -> None:
        both = {world.alexa.id, world.google.id}
        for change, seen in (
            (lambda: world.store.put_preference(world.home.id, "garden", b"p", NOW), both),
            (lambda: world.store.choose_cameras(world.google.id, None, NOW), {world.google.id}),
            (lambda: world.swap(1, "needs_login"), both),
        ):
            change()
            assert world.due() == seen
            world.over()
        assert world.store.preferences(world.home.id) == {"garden": b"p"}

    def test_what_was_not_changed_is_no_look(self, world: World) -> None:
        assert not world.swap(7, "needs_login")
        assert world.due() == set()
        world.store.end_link(world.google.id, NOW)
        assert not world.store.choose_cameras(world.google.id, None, NOW)
        assert kinds(world.claim(world.google).rows) == [ENDED]

    def test_one_link_is_looked_at(self, world: World) -> None:
        world.store.look(world.home.id, NOW, world.google.id)
        world.store.look(world.neighbour.id, NOW)
        assert world.due() == {world.google.id, world.other.id}

    def test_a_list_that_is_fetched_ends_the_wait_of_a_link_that_was_forgotten(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        refused = Settled(NOW, forget=True, wait=NOW + 3600, tries=9, reason="refused: by it")
        assert world.store.settle(claim, refused)
        assert world.alexa.id not in world.due(NOW + 3599)
        world.store.note_listed(world.home.id, world.alexa.id, NOW + 60, NOW + 65)
        assert world.alexa.id not in world.due(NOW + 64)
        claim = world.claim(now=NOW + 65)
        assert (claim.tries, claim.listed, kinds(claim.rows)) == (0, NOW + 60, [LOOK])

    def test_a_list_that_is_fetched_meanwhile_takes_no_claim_away(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        world.store.note_listed(world.home.id, world.alexa.id, NOW, NOW)
        assert world.alexa.id not in world.due(NOW)
        assert world.store.settle(claim, Settled(NOW, claim.rows))

    def test_why_the_last_try_was_in_vain_is_in_the_claim(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        assert claim.why is None
        world.store.settle(claim, Settled(NOW, wait=NOW + 1, tries=1, reason="by it", why="permission"))
        assert world.claim(now=NOW + 1).why == "permission"
        telling = world.store.tellings(world.home.id)[world.alexa.id]
        assert (telling.reason, telling.why) == ("by it", "permission")

    @pytest.mark.parametrize(
        ("reason", "why"),
        [
            ("refused: the event gateway answered 404", "permission"),
            ("refused: HomeGraph answered 404: Google does not know this user", "unknown_user"),
            ("refused: Google has not fetched the list yet", "unknown_user"),
            ("it happened too long ago", "late"),
            ("something went wrong in showcam; it is in its log", "fault"),
            ("AddOrUpdateReport: the event gateway answered 413", "too_large"),
            ("AddOrUpdateReport: the event gateway answered 400 INVALID", "refused"),
            ("agentUsers.delete: HomeGraph answered 403: the key is of another project", "permission"),
            ("the event gateway answered 429", "busy"),
            ("Amazon could not be reached: ConnectTimeout", "unreached"),
            ("Google could not be reached: this machine's clock is wrong by more than Google takes", "clock"),
            ("of another version", "trouble"),
            ("", None),
        ],
    )
    def test_what_showcam_0_2_stored_without_a_kind_has_one(self, world: World, reason: str, why: Why | None) -> None:
        world.rang()
        claim = world.claim()
        laid = Laid(claim.rows[0], NOW, reason, None)
        world.store.settle(claim, Settled(NOW, laid=(laid,), reason=reason))
        assert world.store.tellings(world.home.id)[world.alexa.id].why == why
        assert world.store.laid_down() == [replace(laid, why=why)]
        world.changed()
        assert world.claim().why == why

    def test_the_first_list_is_noted_and_looked_at_later(self, world: World) -> None:
        world.store.note_listed(world.home.id, world.alexa.id, NOW, NOW + 5)
        world.store.note_listed(world.home.id, world.alexa.id, NOW + 1, NOW + 6)
        assert (world.due(NOW + 4), world.due(NOW + 5)) == (set(), {world.alexa.id})
        assert world.claim(now=NOW + 5).listed == NOW


class TestClaiming:
    def test_of_ten_callers_one_claims(self, world: World, at_once: AtOnce) -> None:
        world.changed()
        claims = at_once(10, lambda _: world.store.claim(world.home.id, world.alexa.id, NOW, NOW + LEASE_S, 9))
        assert Counter(type(claim) for claim in claims) == {Claim: 1, type(None): 9}

    def test_another_links_claim_does_not_matter(self, world: World) -> None:
        world.changed()
        assert world.claim().link == world.alexa
        assert world.due() == {world.google.id}
        assert world.claim(world.google).link == world.google

    def test_another_households_link_is_not_claimed(self, world: World) -> None:
        world.changed()
        assert world.store.claim(world.neighbour.id, world.alexa.id, NOW, NOW + 1, 9) is None

    def test_a_claim_ends_with_its_time(self, world: World) -> None:
        world.changed()
        dead = world.claim()
        world.rang()
        assert world.due(NOW + LEASE_S - 0.1) == {world.google.id}
        alive = world.claim(now=NOW + LEASE_S)
        assert kinds(alive.rows) == ["doorbell", LOOK]
        assert not world.store.settle(dead, Settled(NOW, dead.rows, told=b"dead"))
        assert world.store.settle(alive, Settled(NOW, alive.rows, told=b"alive"))
        world.changed(NOW + 30)
        assert world.claim(now=NOW + 30).told == b"alive"

    def test_the_claims_of_a_killed_sender_are_freed(self, world: World) -> None:
        world.changed()
        dead = world.claim()
        world.store.free_claims(NOW + 1)
        assert (world.due(), world.due(NOW + 1)) == ({world.google.id}, {world.alexa.id, world.google.id})
        assert world.claim(now=NOW + 1).rows == dead.rows
        assert not world.store.settle(dead, Settled(NOW, dead.rows))

    def test_the_backlog_of_each_assistant(self, world: World) -> None:
        assert world.store.backlog(NOW) == {}
        world.changed(NOW)
        world.rang(NOW + 1)
        assert world.store.backlog(NOW + 0.5) == {"alexa": (1, NOW), "google": (1, NOW)}
        assert world.store.backlog(NOW + 1) == {"alexa": (2, NOW), "google": (2, NOW)}

    def test_a_claim_has_the_oldest_rows(self, world: World) -> None:
        for at in (3, 1, 2, 0):
            world.store.record_happening(world.home.id, Happening(f"c{at}", "motion", NOW - at), 1.0, ("motion",))
        claim = world.claim(most=3)
        assert [row.subject for row in claim.rows] == ["c3", "c2", "c1"]
        world.store.settle(claim, Settled(NOW, claim.rows))
        assert [row.subject for row in world.claim().rows] == ["c0"]


class TestSettling:
    def test_what_was_told_is_kept_and_counted(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        assert (claim.told, claim.turn, claim.listed, claim.tries) == (None, 0, None, 0)
        assert world.store.settle(claim, Settled(NOW + 1, claim.rows, told=b"1", what="3 cameras"))
        telling = world.store.tellings(world.home.id)[world.alexa.id]
        assert (telling.told_at, telling.what, telling.wanted, telling.reason) == (NOW + 1, "3 cameras", None, "")
        assert world.due(NOW + 99) == {world.google.id}
        world.changed(NOW + 2)
        claim = world.claim(now=NOW + 2)
        assert (claim.told, claim.turn) == (b"1", 1)

    def test_a_change_that_came_meanwhile_stays(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        world.changed(NOW + 1)
        world.rang(NOW + 1)
        assert world.store.settle(claim, Settled(NOW + 1, claim.rows))
        assert sorted(kinds(world.claim(now=NOW + 1).rows)) == ["doorbell", LOOK]

    def test_after_a_try_in_vain_the_link_waits(self, world: World) -> None:
        world.changed()
        for tries in (1, 2):
            now = NOW + 10 * (tries - 1)
            claim = world.claim(now=now)
            assert claim.tries == tries - 1
            world.store.settle(claim, Settled(now, wait=now + 10, reason="it is busy", tries=tries))
            world.changed(now + 1)
            assert world.alexa.id not in world.due(now + 9.9)
            assert world.store.claim(world.home.id, world.alexa.id, now + 9.9, now + 99, 9) is None
            assert world.alexa.id in world.due(now + 10)
        telling = world.store.tellings(world.home.id)[world.alexa.id]
        assert (telling.tries, telling.reason, telling.wanted) == (2, "it is busy", NOW + 20)
        claim = world.claim(now=NOW + 20)
        world.store.settle(claim, Settled(NOW + 20, claim.rows))
        assert world.store.tellings(world.home.id)[world.alexa.id].tries == 0

    def test_a_ring_does_not_wait_for_the_pause_after_a_try_in_vain(self, world: World) -> None:
        world.changed()
        world.store.settle(world.claim(), Settled(NOW, wait=NOW + 900, reason="it is busy", tries=9))
        assert world.alexa.id not in world.due(NOW + 1)
        world.rang(NOW + 1)
        assert world.alexa.id in world.due(NOW + 1)
        assert world.store.tellings(world.home.id)[world.alexa.id].wanted == NOW + 1
        claim = world.claim(now=NOW + 1)
        assert kinds(claim.rows) == [LOOK, "doorbell"]
        world.store.settle(claim, Settled(NOW + 1, wait=NOW + 901, reason="it is busy", tries=10))
        assert world.alexa.id not in world.due(NOW + 900)  # it was tried once

    def test_a_ring_that_comes_during_a_try_is_tried_next(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        world.rang(NOW + 1)
        assert world.alexa.id not in world.due(NOW + 1)
        world.store.settle(claim, Settled(NOW + 2, wait=NOW + 900, reason="it is busy", tries=9))
        assert world.alexa.id in world.due(NOW + 2)
        assert "doorbell" in kinds(world.claim(now=NOW + 2).rows)

    @pytest.mark.parametrize("during", [False, True], ids=["after the try", "during the try"])
    def test_how_long_a_service_asked_to_wait_goes_before_a_ring(self, world: World, during: bool) -> None:
        world.changed()
        claim = world.claim()
        for rings in (during, not during):
            if rings:
                world.rang(NOW + 1)
            else:
                world.store.settle(claim, Settled(NOW + 1, wait=NOW + 30, asked=NOW + 30, reason="busy", tries=1))
        assert world.alexa.id not in world.due(NOW + 29.9)
        assert world.store.claim(world.home.id, world.alexa.id, NOW + 29.9, NOW + 99, 9) is None
        assert "doorbell" in kinds(world.claim(now=NOW + 30).rows)

    def test_it_looks_again_at_the_time_that_is_set(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        world.store.settle(claim, Settled(NOW, claim.rows, again=NOW + 30))
        assert (world.alexa.id in world.due(NOW + 29.9), world.alexa.id in world.due(NOW + 30)) == (False, True)
        claim = world.claim(now=NOW + 30)
        assert [(row.kind, row.at) for row in claim.rows] == [(LOOK, NOW + 30)]
        world.store.settle(claim, Settled(NOW + 30, claim.rows))
        assert world.alexa.id not in world.due(NOW + 999)

    def test_a_change_does_not_wait_for_the_next_look(self, world: World) -> None:
        world.store.note_listed(world.home.id, world.alexa.id, NOW, NOW + 30)
        world.changed(NOW + 1)
        claim = world.claim(now=NOW + 1)
        assert kinds(claim.rows) == [LOOK]
        world.store.settle(claim, Settled(NOW + 1, claim.rows, again=NOW + 30))
        assert world.alexa.id in world.due(NOW + 30)

    def test_what_is_forgotten(self, world: World) -> None:
        world.store.note_listed(world.home.id, world.alexa.id, NOW, NOW)
        claim = world.claim()
        world.store.settle(claim, Settled(NOW, claim.rows, told=b"1"))
        world.changed(NOW)
        claim = world.claim()
        world.store.settle(claim, Settled(NOW, claim.rows, forget=True))
        world.changed(NOW)
        claim = world.claim()
        assert (claim.told, claim.listed, claim.turn) == (None, None, 2)


class TestLayingDown:
    def test_a_row_waits_for_a_person_and_goes_back(self, world: World) -> None:
        world.rang()
        claim = world.claim()
        world.store.settle(claim, Settled(NOW + 5, laid=(Laid(claim.rows[0], NOW + 5, "answered 413", "too_large"),)))
        assert world.alexa.id not in world.due(NOW + 99)
        (laid,) = world.store.laid_down()
        assert laid == Laid(claim.rows[0], NOW + 5, "answered 413", "too_large")
        assert world.store.laid_down(world.home.id) == [laid]
        assert world.store.laid_down(world.neighbour.id) == []
        assert not world.store.retry(world.neighbour.id, laid.row.id, NOW + 6)
        assert world.store.retry(world.home.id, laid.row.id, NOW + 6)
        assert world.store.laid_down() == []
        assert world.claim(now=NOW + 6).rows == (replace(claim.rows[0], due=NOW + 6),)

    def test_a_refused_camera_is_looked_at_again(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        refused = replace(claim.rows[0], id=f"{claim.link_id}/look/garden", subject="garden", number=1)
        world.store.settle(claim, Settled(NOW, claim.rows, laid=(Laid(refused, NOW, "refused", "refused"),)))
        assert world.alexa.id not in world.due(NOW + 99)
        assert [laid.row for laid in world.store.laid_down()] == [refused]
        assert world.store.retry(world.home.id, refused.id, NOW + 6)
        claim = world.claim(now=NOW + 6)
        assert [(row.kind, row.subject) for row in claim.rows] == [(LOOK, "garden")]
        world.store.settle(claim, Settled(NOW + 6, claim.rows))
        assert world.store.laid_down() == []
        assert world.alexa.id not in world.due(NOW + 99)

    def test_a_camera_that_went_back_and_is_refused_again_waits_again(self, world: World) -> None:
        world.changed()
        claim = world.claim()
        refused = replace(claim.rows[0], id=f"{claim.link_id}/look/garden", subject="garden", number=1)
        world.store.settle(claim, Settled(NOW, claim.rows, laid=(Laid(refused, NOW, "refused", "refused"),)))
        assert world.store.retry(world.home.id, refused.id, NOW + 6)
        claim = world.claim(now=NOW + 6)
        again = Laid(replace(refused, due=NOW), NOW + 6, "refused", "refused")
        assert world.store.settle(claim, Settled(NOW + 6, claim.rows, laid=(again,)))
        assert world.store.laid_down() == [again]
        assert world.alexa.id not in world.due(NOW + 99)

    @pytest.mark.parametrize("refused", [1, 100])
    def test_of_a_whole_claim_each_row_and_each_refused_camera_waits_for_a_person(
        self, world: World, refused: int
    ) -> None:
        kinds = tuple(f"kind {number}" for number in range(MOST))
        world.store.record_happening(world.home.id, Happening("attic", "motion", NOW), 3.0, kinds)
        world.rang(NOW + 1)
        claim = world.claim(now=NOW + 1, most=MOST)
        look = replace(claim.rows[0], kind=LOOK)
        cameras = [replace(look, id=f"{claim.link_id}/look/{camera}", subject=f"{camera}") for camera in range(refused)]
        rows = [*claim.rows, *cameras]
        laid = tuple(Laid(row, NOW + 2, "it happened too long ago", "late") for row in rows)
        assert world.store.settle(claim, Settled(NOW + 2, laid=laid, told=b"1", what="1 changed"))
        assert {laid.row.id for laid in world.store.laid_down()} == {row.id for row in rows}
        assert len(world.store.laid_down()) == len(rows) == MOST + refused
        after = world.claim(now=NOW + 2)
        assert ([row.at for row in after.rows], after.told, after.turn) == ([NOW + 1], b"1", 1)

    def test_an_end_that_goes_back_after_weeks_is_kept_for_a_later_try(self, world: World) -> None:
        world.store.end_link(world.alexa.id, NOW)
        claim = world.claim()
        world.store.settle(claim, Settled(NOW, laid=(Laid(claim.rows[0], NOW, "refused", "refused"),)))
        late = NOW + 3 * OUTBOX_KEPT_S
        assert world.store.retry(world.home.id, claim.rows[0].id, late)
        claim = world.claim(now=late)
        world.store.settle(claim, Settled(late, wait=late + 60, reason="it is busy", why="busy", tries=1))
        world.store.sweep(late + 60)
        assert kinds(world.claim(now=late + 60).rows) == [ENDED]

    def test_a_row_is_dropped(self, world: World) -> None:
        world.rang()
        claim = world.claim()
        world.store.settle(claim, Settled(NOW, laid=(Laid(claim.rows[0], NOW, "refused", "refused"),)))
        (laid,) = world.store.laid_down()
        assert not world.store.drop(world.neighbour.id, laid.row.id)
        assert world.store.drop(world.home.id, laid.row.id)
        assert not world.store.drop(world.home.id, laid.row.id)
        assert not world.store.retry(world.home.id, laid.row.id, NOW)
        assert world.store.laid_down() == []


class TestEnding:
    def test_of_an_ended_link_its_end_alone_is_told(self, world: World) -> None:
        world.changed()
        world.rang()
        laid = world.claim()
        world.store.settle(
            laid, Settled(NOW, laid.rows[1:], laid=(Laid(laid.rows[0], NOW, "refused", "refused"),), told=b"1")
        )
        world.changed()
        busy = world.claim()
        world.store.end_link(world.alexa.id, NOW + 1)
        assert not world.store.settle(busy, Settled(NOW + 1, busy.rows, told=b"2"))
        claim = world.claim(now=NOW + 1)
        assert (claim.link, claim.told, claim.turn) == (None, None, 0)
        assert [(row.kind, row.subject) for row in claim.rows] == [(ENDED, world.alexa.agent_user)]
        assert world.store.laid_down() == []
        world.store.settle(claim, Settled(NOW + 1, claim.rows))
        assert world.alexa.id not in world.due(NOW + 99)

    def test_a_link_that_ended_twice_is_told_once(self, world: World) -> None:
        world.store.end_link(world.alexa.id, NOW)
        claim = world.claim()
        world.store.settle(claim, Settled(NOW, claim.rows))
        assert not world.store.end_link(world.alexa.id, NOW + 1)
        assert world.due(NOW + 99) == set()

    def test_the_end_outlives_the_household(self, world: World) -> None:
        world.changed()
        world.rang()
        world.store.end_link(world.google.id, NOW)
        world.store.drop_household(world.home.id)
        assert world.due(NOW) == {world.google.id}
        claim = world.claim(world.google)
        assert [(row.kind, row.subject) for row in claim.rows] == [(ENDED, world.google.agent_user)]
        assert world.store.settle(claim, Settled(NOW, claim.rows))
        assert world.store.waiting(NOW + 99) == []
