"""The messages of Kafka as data: for every API its key, versions, and the fields of its request and response.

Derived from the facts in Kafka's message definitions (`clients/src/main/resources/common/message/*.json` of Apache
Kafka 4.x), with the versions that 4.0 dropped and the four ZooKeeper-era APIs 4 to 7 as 3.x defined them.

The form, a line each, nesting by indentation:

    KEY NAME FIRST-LAST FLEXIBLE     versions known; "9+": flexible from version 9 on, "none": never
     request
      FIELD TYPE [VERSIONS] [tagN] [FLAG]

TYPE is `bool`, `int8` to `int64`, `uint16`, `uint32`, `float64`, `string`, `uuid`, `bytes`, `records`, `{}` (a struct, its
fields follow) or `[]` (of structs), `[]int32` and so on; `?` behind it: may be null, `?2`: since version 2. VERSIONS is
`3+` or `0-12`, all versions of the parent when absent. `tagN`: a tagged field. FLAG says how a value is shown: `secret` is
redacted; `config` is redacted when its sibling `name` tells that it is one; `subscription` and `assignment` are the bytes
of the consumer protocol.

Names are Kafka's in snake case, except where Pixie prints others for the same field of Produce, Fetch and JoinGroup: these
follow Pixie (`topics`, `name`, `partitions`, `index`, `message_set`, `forgotten_topics`, `partition_indices`, `protocol`).
"""

from pxcap.plugins.kafka.schema import (
    admin,
    brokers,
    groups,
    quorum,
    security,
    share,
    streams,
    topics,
    transactions,
)

TEXTS = (
    topics.TEXT,
    groups.TEXT,
    transactions.TEXT,
    security.TEXT,
    admin.TEXT,
    brokers.TEXT,
    quorum.TEXT,
    share.TEXT,
    streams.TEXT,
)
