"""The store on one DynamoDB table.

A row's `record` is what was written once; beside it stand attributes that change. `kind` names the row's kind for
readers of the table's stream, `expires_at` (epoch s) is its TTL, by which DynamoDB removes it within days; a row that
is over counts as absent before that.

| pk                     | sk             | kind     | beside the record        | listed by gsi1 (gsi1pk, gsi1sk) |
|------------------------|----------------|----------|--------------------------|---------------------------------|
| account#{account}      | account        | account  |                          | accounts, {account}             |
| account#{account}      | source#{id}    | source   | sealed, state, version   |                                 |
| account#{account}      | link#{link}    | linked   | (goes when the link ends)|                                 |
| account#{account}      | known          | known    | sealed, as_of            |                                 |
| account#{account}      | preference#{camera} | preference | data              |                                 |
| account#{account}      | secret#{name}  | secret   | sealed                   |                                 |
| account#{account}      | happening#{camera}#{kind} | happening | camera, what, at |                            |
| account#{account}      | device#{key}   | device   |                          | device#{key}, {account}         |
| vendor#{vendor key}    | vendor         | vendor   | (the source's record)    |                                 |
| client#{client}        | client         | client   |                          | clients, {client}               |
| link#{link}            | link           | link     | ended, last_used         |                                 |
| link#{link}            | token#{hash}   | token    |                          |                                 |
| link#{link}            | secret#{name}  | secret   | sealed (goes when the link ends) |                         |
| code#{hash}            | code           | code     | used, taken              |                                 |
| visit#{hash}           | visit          | visit    | sealed, expires          |                                 |
| throttle#{hash}#{end}  | throttle       | throttle | count                    |                                 |
| meta#{key}             | meta           | meta     | value                    |                                 |

| access pattern                                  | request                                                            |
|-------------------------------------------------|--------------------------------------------------------------------|
| link and token of a bearer                      | BatchGetItem, consistent: link#/link and link#/token#              |
| redeem a code once                              | UpdateItem `used` on condition, then GetItem of the link           |
| issue tokens unless the link has ended          | TransactWriteItems: ConditionCheck link, Put token …               |
| end a link                                      | GetItem; TransactWriteItems: Update link, Delete linked; clean up  |
| links of an account                             | Query account#/link#, BatchGetItem of the links, both consistent   |
| keep a secret of a link that has not ended      | TransactWriteItems: ConditionCheck link, Put secret                |
| a secret of a link                              | BatchGetItem, consistent: link#/link and link#/secret#             |
| preferences of an account                       | Query account#/preference#, consistent                             |
| sources of an account                           | Query account#/source#, consistent                                 |
| household by vendor user                        | GetItem vendor#                                                    |
| add a source, its vendor key unique over all    | TransactWriteItems: Put source, Put vendor, account there or new   |
| swap a session                                  | UpdateItem on condition of `version`                               |
| one by key (account, client, link, visit …)     | GetItem, consistent                                                |
| all accounts, all clients (command line)        | Query gsi1, lags a little                                          |
| what was seen just now                          | Query account#/happening#, consistent                              |
| households a device is listed in                | Query gsi1, lags a little                                          |
| count a throttle window                         | UpdateItem ADD                                                     |
| a value all callers agree on                    | GetItem, else UpdateItem if_not_exists                             |

IAM: GetItem, BatchGetItem, Query (also on the index), PutItem, UpdateItem, DeleteItem, ConditionCheckItem.
"""

from typing import Any

from store.dynamodb.accounts import AccountItems
from store.dynamodb.events import EventItems
from store.dynamodb.kept import KeptItems
from store.dynamodb.links import LinkItems
from store.dynamodb.passing import PassingItems
from store.dynamodb.table import Table, create_table
from store.sealing import Sealer

__all__ = ["DynamoStore", "create_table"]


class DynamoStore(AccountItems, LinkItems, KeptItems, EventItems, PassingItems):
    """`client` is boto3.client("dynamodb"), safe to share between threads; it stays its maker's to close."""

    def __init__(self, client: Any, table: str, sealer: Sealer) -> None:
        self._table = Table(client, table)
        self._sealer = sealer

    def sweep(self, now: float) -> int:
        """DynamoDB removes by itself what `expires_at` says is over."""
        return 0

    def ping(self) -> None:
        self._table.write(self._table.update("ping", "ping", "SET #kind = :kind", kind="ping"))

    def close(self) -> None:
        """Nothing to close here."""
