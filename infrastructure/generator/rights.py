"""The rights of a function: its own and those of the groups that it names, together. Pure."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from infrastructure.generator.specification import BucketVerb, Rights, Specification, TableVerb


class AllRights(msgspec.Struct, frozen=True):
    """Every right once: verbs by table or `table/index`, and by bucket; queues to send to, and to count messages of."""

    tables: Mapping[str, Sequence[TableVerb]]
    buckets: Mapping[str, Sequence[BucketVerb]]
    sends: Sequence[str]
    counts: Sequence[str]
    publishes: bool
    mails: bool
    secrets: bool


def all_rights(rights: Rights, specification: Specification) -> AllRights:
    """Combine the rights of a function with those of its groups."""
    groups = [rights, *(specification.rights[name] for name in rights.may)]
    tables: dict[str, list[TableVerb]] = {}
    buckets: dict[str, list[BucketVerb]] = {}
    for group in groups:
        for table, table_verbs in group.tables.items():
            tables.setdefault(table, []).extend(table_verbs)
        for bucket, bucket_verbs in group.buckets.items():
            buckets.setdefault(bucket, []).extend(bucket_verbs)
    return AllRights(
        tables={name: sorted(set(verbs)) for name, verbs in sorted(tables.items())},
        buckets={name: sorted(set(verbs)) for name, verbs in sorted(buckets.items())},
        sends=sorted({queue for group in groups for queue in group.sends}),
        counts=sorted({queue for group in groups for queue in group.counts}),
        publishes=any(group.publishes for group in groups),
        mails=any(group.mails for group in groups),
        secrets=any(group.secrets for group in groups),
    )


def queues_sent_to(specification: Specification) -> Iterator[str]:
    """Yield the queues that some function's code sends to: those whose URL is a setting."""
    every = [specification.api, *specification.functions.values()]
    yield from sorted({queue for each in every for queue in all_rights(each, specification).sends})
