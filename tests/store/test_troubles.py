"""A table that throttles, an answer that is lost, a function killed between two writes: nothing lost, nothing twice."""

import secrets
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from scripts.deploy_local.emulator import Emulator
from showcam.store.dynamodb import DynamoStore
from showcam.store.ports import Replayed, StoreUnavailable
from showcam.store.records import Link, OwnerUser, Session
from showcam.store.sealing import Sealer
from tests.doubles import records as a
from tests.doubles.aws_wire import AwsWire
from tests.doubles.dynamodb_table import create_table

NOW = a.NOW


@pytest.fixture
def wire(aws: Emulator) -> Iterator[AwsWire]:
    wire = AwsWire(aws.url)
    yield wire
    wire.close()


@pytest.fixture
def table(aws: Emulator) -> str:
    """A new table's name."""
    name = f"showcam-{secrets.token_hex(4)}"
    create_table(aws.client("dynamodb"), name)
    return name


@pytest.fixture
def sound(aws: Emulator, table: str, sealer: Sealer) -> DynamoStore:
    """Speaks to the table straight."""
    return DynamoStore(aws.client("dynamodb"), table, sealer)


@pytest.fixture
def troubled(wire: AwsWire, table: str, sealer: Sealer) -> Callable[[int], DynamoStore]:
    """Speaks to it by the wire, so many tries to a request."""
    return lambda tries: DynamoStore(wire.client(tries), table, sealer)


def linked(store: DynamoStore) -> Link:
    household = a.account()
    store.add_account(household)
    link = a.link(household)
    store.add_link(link)
    return link


# Each case makes what it needs, and returns: what is done · whether it is done whole, and once, whatever came between ·
# what it answers at first · what it answers when it is done again.
type Case = tuple[Callable[[DynamoStore], object], Callable[[DynamoStore], bool], object, object]


def end_a_link(store: DynamoStore) -> Case:
    link = linked(store)
    store.add_tokens([a.token(link), a.token(link, kind="refresh", expires=None)])
    store.put_link_secret(link.id, "gateway", b"secret")

    def whole(store: DynamoStore) -> bool:
        found = store.link(link.id)
        left = [*store._table.query(f"link#{link.id}", "token#"), *store._table.query(f"link#{link.id}", "secret#")]
        return found is not None and found.ended == NOW and store.links(link.account) == [] and left == []

    return lambda store: store.end_link(link.id, NOW), whole, True, False


def redeem_a_code(store: DynamoStore) -> Case:
    link, made = linked(store), []
    code = a.code(link)
    store.add_code(code)

    def redeem(store: DynamoStore) -> bool:
        made.append(a.token(link))  # a new token each time
        return store.redeem_code(code, NOW, [made[-1]])

    def whole(store: DynamoStore) -> bool:
        taken = isinstance(outcome(lambda: store.redeem_code(code, NOW, [])), Replayed)
        found = [store.find_token(link.id, token.hash) is not None for token in made]
        return taken and found == [True] + [False] * (len(made) - 1)

    return redeem, whole, True, Replayed


def add_a_code(store: DynamoStore) -> Case:
    code = a.code(linked(store))
    return (
        lambda store: store.add_code(code),
        lambda store: store.code(code.hash, "alexa", NOW) is not None,
        None,
        None,
    )


def sign_up(store: DynamoStore) -> Case:
    household = a.account()
    source = a.source(household)

    def whole(store: DynamoStore) -> bool:
        session = store.read_session(household.id, source.id)
        return store.sources(household.id) == [source] and session == Session(b"secret", "ok", 1)

    return lambda store: store.add_household(household, source, b"secret", "ok"), whole, True, False


def add_tokens(store: DynamoStore) -> Case:
    link, made = linked(store), []

    def add(store: DynamoStore) -> bool:
        made.append(a.token(link))  # a new token each time
        return store.add_tokens([made[-1]])

    return add, lambda store: store.find_token(link.id, made[-1].hash) == (link, made[-1]), True, True


def swap_a_session(store: DynamoStore) -> Case:
    household = a.account()
    source = a.source(household)
    store.add_household(household, source, b"old", "ok")

    def swap(store: DynamoStore) -> bool:
        return store.swap_session(household.id, source.id, version=1, secrets=b"new", state="ok")

    return swap, lambda store: store.read_session(household.id, source.id) == Session(b"new", "ok", 2), True, False


def swap_an_owner_user(store: DynamoStore) -> Case:
    household = a.account()
    store.add_account(household)
    store.put_owner_user(household.id, household.id, b"old")

    def swap(store: DynamoStore) -> bool:
        return store.swap_owner_user(household.id, version=1, data=b"new")

    return (
        swap,
        lambda store: store.owner_user(household.id) == OwnerUser(household.id, household.id, b"new", 2),
        True,
        False,
    )


def is_due(store: DynamoStore, link: Link) -> bool:
    return store.due("alexa", NOW, 10_000).count((link.account, link.id)) == 1


def keep_a_preference(store: DynamoStore) -> Case:
    link = linked(store)

    def whole(store: DynamoStore) -> bool:
        return store.preferences(link.account) == {"garden": b"p"} and is_due(store, link)

    return lambda store: store.put_preference(link.account, "garden", b"p", NOW), whole, None, None


def choose_the_cameras(store: DynamoStore) -> Case:
    link = linked(store)

    def whole(store: DynamoStore) -> bool:
        found = store.link(link.id)
        return found is not None and found.cameras == ("garden",) and is_due(store, link)

    return lambda store: store.choose_cameras(link.id, ("garden",), NOW), whole, True, True


def sign_out(store: DynamoStore) -> Case:
    household = a.account()
    source, link = a.source(household), a.link(household)
    store.add_household(household, source, b"old", "ok")
    store.add_link(link)

    def swap(store: DynamoStore) -> bool:
        return store.swap_session(household.id, source.id, version=1, secrets=b"new", state="needs_login", look_at=NOW)

    def whole(store: DynamoStore) -> bool:
        return store.read_session(household.id, source.id) == Session(b"new", "needs_login", 2) and is_due(store, link)

    return swap, whole, True, False


def list_devices(store: DynamoStore) -> Case:
    household = a.account()
    store.add_account(household)
    store.put_devices(household.id, frozenset({f"{household.id}-{key}" for key in ("gone", "went", "stays")}))
    keys = frozenset({f"{household.id}-{key}" for key in ("stays", "new", "newer")})

    def whole(store: DynamoStore) -> bool:
        items = store._table.query(f"account#{household.id}", "device#")
        return {str(item["sk"]).removeprefix("device#") for item in items} == keys

    return lambda store: store.put_devices(household.id, keys), whole, None, None


def remove_a_household(store: DynamoStore) -> Case:
    household = a.account()
    source, link = a.source(household), a.link(household)
    store.add_household(household, source, b"secret", "ok")
    store.add_link(link)
    store.add_tokens([a.token(link), a.token(link, kind="refresh", expires=None)])
    store.put_link_secret(link.id, "gateway", b"secret")
    store.put_owner_user(household.id, household.id, b"user")
    store.put_devices(household.id, frozenset(f"{household.id}-{number}" for number in range(101)))
    keys = (f"account#{household.id}", f"link#{link.id}", f"vendor#{source.vendor_key}", f"owner_name#{household.id}")

    def whole(store: DynamoStore) -> bool:
        return [row for key in keys for first in "adlostv" for row in store._table.query(key, first)] == []

    return lambda store: store.drop_household(household.id), whole, True, bool


def agree_on_a_value(store: DynamoStore) -> Case:
    key, values = secrets.token_hex(4), iter("abcdef")
    return lambda store: store.meta_once(key, next(values)), lambda store: store.meta(key) == "a", "a", "a"


def take_a_key(store: DynamoStore) -> Case:
    key = f"nonce:{secrets.token_hex(8)}"
    return (
        lambda store: store.take_once(key, NOW),
        lambda store: not store.take_once(key, NOW),
        True,
        False,
    )


CASES = [
    end_a_link,
    redeem_a_code,
    add_a_code,
    sign_up,
    add_tokens,
    swap_a_session,
    swap_an_owner_user,
    keep_a_preference,
    choose_the_cameras,
    sign_out,
    list_devices,
    remove_a_household,
    agree_on_a_value,
    take_a_key,
]


def outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except Exception as error:
        return error


def is_like(answered: object, expected: object) -> bool:
    return isinstance(answered, expected) if isinstance(expected, type) else answered == expected


def writes_of(wire: AwsWire, store: DynamoStore, act: Callable[[DynamoStore], object]) -> int:
    wire.calls.clear()
    act(store)
    return wire.writes


@pytest.mark.parametrize("arrange", CASES, ids=lambda arrange: arrange.__name__)
def test_killed_after_any_write_it_is_whole_when_done_again(
    arrange: Callable[[DynamoStore], Case],
    wire: AwsWire,
    sound: DynamoStore,
    troubled: Callable[[int], DynamoStore],
) -> None:
    count = writes_of(wire, troubled(1), arrange(sound)[0])
    assert count >= 1
    for number in range(1, count + 1):
        act, whole, _first, again = arrange(sound)
        wire.kill_after(number)
        died = outcome(partial(act, troubled(1)))
        wire.heal()
        # an answer at all only where what was left to do is no more than tidiness
        tidying = arrange is end_a_link and number > 1
        assert is_like(died, True if tidying else StoreUnavailable)
        assert is_like(outcome(partial(act, troubled(1))), again)
        assert whole(sound)


@pytest.mark.proves(
    "A change whose writer was killed after the first write has its row in the outbox",
    leans_on="second stack: ministack",
)
@pytest.mark.parametrize("arrange", [keep_a_preference, choose_the_cameras, sign_out], ids=lambda case: case.__name__)
def test_killed_after_the_first_write_a_change_has_its_row_in_the_outbox(
    arrange: Callable[[DynamoStore], Case],
    wire: AwsWire,
    sound: DynamoStore,
    troubled: Callable[[int], DynamoStore],
) -> None:
    act, whole, _first, _again = arrange(sound)
    wire.kill_after(1)
    assert is_like(outcome(partial(act, troubled(1))), StoreUnavailable)
    wire.heal()
    assert whole(sound)


@pytest.mark.parametrize("arrange", CASES, ids=lambda arrange: arrange.__name__)
def test_an_answer_that_is_lost_changes_nothing(
    arrange: Callable[[DynamoStore], Case],
    wire: AwsWire,
    sound: DynamoStore,
    troubled: Callable[[int], DynamoStore],
) -> None:
    for number in range(1, writes_of(wire, troubled(1), arrange(sound)[0]) + 1):
        act, whole, first, _again = arrange(sound)
        wire.lose_answer(number)
        assert is_like(outcome(partial(act, troubled(3))), first)
        wire.heal()
        assert whole(sound)


def test_a_count_may_be_one_too_high_and_never_too_low(
    wire: AwsWire, sound: DynamoStore, troubled: Callable[[int], DynamoStore]
) -> None:
    wire.lose_answer(1)
    assert troubled(3).hit("door", 60, NOW) == 2
    assert sound.hits("door", 60, NOW) == 2


def test_a_place_whose_answer_was_lost_is_taken_once(
    wire: AwsWire, sound: DynamoStore, troubled: Callable[[int], DynamoStore]
) -> None:
    ends = int(NOW) + 61
    wire.lose_answer(1)
    assert troubled(3).take_place("door", 2, 60, NOW) == (True, ends)
    assert [sound.take_place("door", 2, 60, NOW) for _ in range(2)] == [(True, ends), (False, ends)]
    wire.lose_answer(1)
    troubled(3).leave_place("door", ends)
    assert [sound.take_place("door", 2, 60, NOW) for _ in range(2)] == [(True, ends), (False, ends)]


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
)
def test_a_table_that_throttles_is_unavailable(
    wire: AwsWire, sound: DynamoStore, troubled: Callable[[int], DynamoStore], code: str
) -> None:
    link, token = linked(sound), a.token(linked(sound))
    wire.throttled = code
    store = troubled(1)
    for ask in (
        lambda: store.find_token(link.id, token.hash),
        lambda: store.add_tokens([a.token(link)]),
        lambda: store.end_link(link.id, NOW),
        lambda: store.links(link.account),
        lambda: store.hit("door", 60, NOW),
    ):
        before = wire.refused
        answered = outcome(ask)
        assert isinstance(answered, StoreUnavailable)
        assert code in str(answered)
        assert wire.refused == before + 1
    assert isinstance(outcome(lambda: troubled(3).link(link.id)), StoreUnavailable)
    assert wire.refused == before + 4
    wire.heal()
    assert store.link(link.id) == link
