"""The store on one DynamoDB table.

A row's `record` does not change after it was written, except the cameras of a link; the row's other attributes do
change. `kind` is for readers of the table's stream. `expires_at` (epoch s) is the TTL: DynamoDB removes the row within
days after it, and until then an expired row counts as absent. Every read is consistent, except those by the index.

```
| pk                     | sk             | kind     | beside the record        | listed by gsi1 (gsi1pk, gsi1sk) |
|------------------------|----------------|----------|--------------------------|---------------------------------|
| account#{account}      | account        | account  |                          | accounts, {account}             |
| account#{account}      | source#{id}    | source   | sealed, state, version   |                                 |
| account#{account}      | link#{link}    | linked   | (goes when the link ends)|                                 |
| account#{account}      | owner_user     | owner_user | key, sealed, version   |                                 |
| account#{account}      | known#{source} | known    | sealed, as_of            |                                 |
| account#{account}      | preference#{camera} | preference | data              |                                 |
| account#{account}      | secret#{name}  | secret   | sealed                   |                                 |
| account#{account}      | notice_address#{id} | notice_address | sealed        |                                 |
| account#{account}      | notice#{fault} | notice   | data, version            |                                 |
| account#{account}      | happening#{camera}#{kind} | happening | camera, what, at |                            |
| account#{account}      | device#{key}   | device   |                          | device#{key}, {account}         |
| account#{account}      | telling#{link} | telling  | (below)                  | telling#{assistant}#{shard}, {due} |
| account#{account}      | outbox#{link}#{at}#{kind} | outbox |                  |                                 |
| account#{account}      | laid#{row}     | laid     | laid, reason, why        | laid, {row}                     |
| account#{account}      | ask#{id}       | ask      | live_s                   |                                 |
| vendor#{vendor key}    | vendor         | vendor   | (the source's record)    |                                 |
| owner_name#{key}       | owner_name     | owner_name | account                | owner_users, {account}          |
| client#{client}        | client         | client   |                          | clients, {client}               |
| link#{link}            | link           | link     | ended, last_used         |                                 |
| link#{link}            | token#{hash}   | token    |                          |                                 |
| link#{link}            | secret#{name}  | secret   | sealed (goes when the link ends) |                         |
| code#{hash}            | code           | code     | used, taken              |                                 |
| visit#{hash}           | visit          | visit    | sealed, expires          |                                 |
| throttle#{hash}#{end}  | throttle       | throttle | count                    |                                 |
| places#{hash}          | places         | places   | ends, by                 |                                 |
| taken#{until}#{key}    | taken          | taken    | by                       |                                 |
| hold#{group}          | hold#{name}   | hold    | name, owner, ends, data  |                                 |
| meta#{key}             | meta           | meta     | value                    |                                 |
Beside the record of a telling: account, link, assistant; news, wanted, look, look_at, again, which say what waits;
claimed, free, asked, rung; listed, told, told_at, told_what, turn; tries, reason, why.
```

```
| access pattern                      | by                 | requests                                              |
|-------------------------------------|--------------------|-------------------------------------------------------|
| link and token of a bearer          | find_token         | BatchGetItem, consistent                              |
| a code and its link                 | code               | GetItem of each, consistent                           |
| take a code once, keep its tokens   | redeem_code        | TransactWriteItems: code, link exists, tokens         |
| why a code could not be taken       | redeem_code        | GetItem, consistent                                   |
| tokens unless the link has ended    | add_tokens         | TransactWriteItems: link exists, tokens               |
| a new code                          | add_code           | PutItem if new                                        |
| a visit, unless it was dropped      | change_visit       | PutItem if there and not expired                      |
| a visit for the first who asks      | take_visit         | DeleteItem that answers what was there                |
| a new link of an account            | add_link           | TransactWriteItems: account exists, link, linked      |
| a link's last use                   | touch_link         | UpdateItem if later                                   |
| a link's cameras, unless it ended   | choose_cameras     | GetItem; TransactWriteItems: link live, telling       |
| end a link                          | end_link           | GetItem; TransactWriteItems: both, telling, outbox    |
| its tokens, secrets, waiting rows   | end_link           | Query link#, account#; DeleteItem of each             |
| links of an account                 | links              | Query account#/link#, BatchGetItem; consistent        |
| a secret of a link, unless it ended | put_link_secret    | TransactWriteItems: link exists, secret               |
| a secret of a link                  | link_secret        | BatchGetItem with the link, consistent                |
| a new account                       | add_account        | PutItem if new                                        |
| a new account with its source       | add_household      | TransactWriteItems: account, source, vendor; all new  |
| remove a household: find its rows   | drop_household     | GetItem; Query account#, link#                        |
| remove these rows                   | drop_household     | TransactWriteItems: source, vendor; 100 rows each     |
| remove the rows they are found by   | drop_household     | DeleteItem of link# and account                       |
| an owner's user, by a new name      | put_owner_user     | GetItem; TransactWriteItems: account exists, both     |
| its password's hash, unless changed | swap_owner_user    | UpdateItem if version is as it was read               |
| the user of a household's owner     | owner_user         | GetItem, consistent                                   |
| an owner's user by its name         | owner_user_by_key  | GetItem of each row, consistent                       |
| whether any owner has a user        | has_owner_users    | Query gsi1, lags a little                             |
| a new source of an account          | add_source         | TransactWriteItems: account exists, source, vendor    |
| sources of an account               | sources            | Query account#/source#, consistent                    |
| a session, unless it was changed    | swap_session       | UpdateItem if version is as it was read               |
| the same with a LOOK of each link   | swap_session       | Query, BatchGetItem; TransactWriteItems; GetItem      |
| the links for a new preference      | put_preference     | Query, BatchGetItem                                   |
| a preference, a LOOK of each link   | put_preference     | TransactWriteItems: account exists, preference        |
| a secret of an account              | put_account_secret | TransactWriteItems: account exists, secret            |
| secrets of an account by name       | account_secrets    | Query account#/secret#, consistent                    |
| an address for notices              | put_notice_address | TransactWriteItems: account exists, notice_address    |
| addresses for notices               | notice_addresses   | Query account#/notice_address#, consistent            |
| a fault's first notice              | swap_notice        | TransactWriteItems: account exists, notice            |
| the same, unless it was changed     | swap_notice        | PutItem, DeleteItem if version is as it was read      |
| notices of an account               | notices            | Query account#/notice#, consistent                    |
| preferences of an account           | preferences        | Query account#/preference#, consistent                |
| the latest happenings               | happenings         | Query account#/happening#, consistent                 |
| a list, and a LOOK of each link     | record_change      | Query, BatchGetItem; TransactWriteItems               |
| a happening, and its rows           | record_happening   | GetItem; Query, BatchGetItem; TransactWriteItems      |
| a LOOK of each link                 | look               | Query, BatchGetItem; TransactWriteItems               |
| that a list was fetched             | note_listed        | GetItem of both rows; UpdateItem of telling           |
| what can be claimed                 | due                | Query gsi1, lags a little; one for each shard         |
| claim a link                        | claim              | UpdateItem if due and free; GetItem; Query of outbox# |
| end a claim, unless rows were added | settle             | GetItem; Query of outbox#; TransactWriteItems         |
| free the claims of a killed sender  | free_claims        | Query gsi1; UpdateItem of each                        |
| what waits                          | waiting, backlog   | Query gsi1, lags a little; Query of outbox# of each   |
| the parked rows                     | laid_down          | Query gsi1, lags a little                             |
| put a parked row back               | retry              | GetItem; TransactWriteItems: laid, outbox, telling    |
| remove a parked row                 | drop               | DeleteItem                                            |
| the tellings of an account's links  | tellings           | Query account#/telling#, consistent                   |
| what assistants were asked to show  | put_asks           | TransactWriteItems of each: account exists, ask; new  |
| how long a camera was watched       | put_live           | UpdateItem if longer                                  |
| what they were asked to show        | asks               | Query account#/ask#, consistent, newest first         |
| one of them                         | ask                | GetItem, consistent                                   |
| forget what they were asked to show | drop_asks          | Query account#/ask#; TransactWriteItems: 100 each     |
| replace a household's devices       | put_devices        | Query, DeleteItem; TransactWriteItems: account exists |
| households a device is listed in    | accounts_with      | Query gsi1, lags a little                             |
| all accounts (command line)         | accounts           | Query gsi1, lags a little                             |
| all clients (command line)          | clients            | Query gsi1, lags a little                             |
| count in a throttle window          | hit                | UpdateItem ADD                                        |
| one of a few places under a key     | take_place         | GetItem, consistent; PutItem if unchanged since       |
| give a place back                   | leave_place        | GetItem, consistent; PutItem if unchanged since       |
| take or renew a hold               | take_hold         | PutItem if free, ended, or of the named owners        |
| what is held in a group             | holds             | Query hold#, consistent                              |
| take a key once                     | take_once          | PutItem if new                                        |
| a value all callers agree on        | meta_once          | GetItem, else UpdateItem if_not_exists                |
| keep a list of cameras              | put_known          | PutItem if an older one is stored                     |
| keep a source's first list          | put_known          | TransactWriteItems: account exists, known             |
| whether the table answers           | ping               | GetItem of a random key                               |
```

```
| one by its key | by                                                                                                  |
|----------------|-----------------------------------------------------------------------------------------------------|
| GetItem        | account, client, link, source_by_vendor_key, read_session, visit, known, account_secret, hits, meta |
| PutItem        | put_client, put_visit                                                                               |
| DeleteItem     | drop_client, drop_visit, drop_account_secret, drop_notice_address                                   |
```

Hot keys. A key takes 3,000 reads and 1,000 writes a second. A household's rows are under the keys of the household's
account, links, codes and visits. All requests share four keys. Each page and token request reads client#{client}. Each
sign-in reads meta#vendor_salt, and so does each process once. In the index, each new household is written to accounts,
and each sign-in page reads owner_users. Links with something to report are listed under 64 shards for each assistant;
16 more have what 0.3 listed. A stranger's requests read all of these but accounts. They write only throttle windows,
places and visits. Strangers may send fewer requests a second (`requestsPerSecond`, 500) than one key takes. A health
check writes nothing, and reads another key each time. docs/integrator/scale.md lists the other limits.

A removal may meet the limit of a key. A row that a transaction deletes counts as two writes, so a key takes 500 of them
a second. DynamoDB refuses a transaction beyond this limit, and the store repeats it after a pause.

Limits. A row holds 400 KB: the largest is `known`, some 500 bytes for each camera, so a source has at most 800 cameras.
A transaction has 100 actions. A change that adds rows for each link of a household has two actions for each link;
beyond 40 links the others go into earlier transactions, which may be repeated. A claim has at most 80 rows. `settle`
has one action for each row that it removes, and two for each row that it parks. Parked rows beyond 80 actions go into
earlier transactions, which are written only while the claim is held. A removal deletes up to 100 rows in a transaction,
all from one page of a Query. All other transactions have at most 60 actions. A transaction may have 4 MB. A batch reads
100 keys and a Query's page holds 1 MB: longer reads take several requests. The pk may have 2,048 bytes and the sk
1,024. Names from outside may have at most 512 (showcam.store.records). Some changes are several writes (`put_devices`,
`drop_household`, `drop_asks`, the tidying after `end_link`). A cut-off change is completed when the caller repeats it.

IAM: GetItem, BatchGetItem, Query (also on the index), PutItem, UpdateItem, DeleteItem, ConditionCheckItem.
"""

import secrets
from typing import Any

from showcam.store.dynamodb.accounts import AccountItems
from showcam.store.dynamodb.ephemeral import EphemeralItems
from showcam.store.dynamodb.table import Table
from showcam.store.sealing import Sealer

__all__ = ["DynamoStore"]


class DynamoStore(AccountItems, EphemeralItems):
    """`client` is boto3.client("dynamodb"), safe to share between threads; whoever made it closes it."""

    def __init__(self, client: Any, table: str, sealer: Sealer) -> None:
        self._table = Table(client, table)
        self._sealer = sealer

    def sweep(self, now: float) -> int:
        """Returns always 0, since DynamoDB removes expired rows automatically."""
        return 0

    def ping(self) -> None:
        # strangers can call this by the health endpoint: so it writes nothing, and shares no key
        self._table.get(f"ping#{secrets.token_hex(8)}", "ping")

    def close(self) -> None:
        """The client is closed by whoever made it."""
