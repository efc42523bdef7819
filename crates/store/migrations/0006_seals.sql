-- The sealed journal: each row a run of consecutive entries, chained to the one before, and signed (domain/seals).

CREATE TABLE seals (
    number    {int} PRIMARY KEY NOT NULL,
    first     {int} NOT NULL,
    last      {int} NOT NULL,
    root      {bytes} NOT NULL,
    sealed_at {int} NOT NULL,
    -- The newest number when sealing began.
    opening   {int} NOT NULL,
    -- The leaves of its entries, 32 bytes each; empty once all of those were cut.
    leaves    {bytes} NOT NULL,
    -- The head, and the complete subtrees of heads that end with it, 32 bytes each.
    nodes     {bytes} NOT NULL,
    key       {bytes} NOT NULL,
    signature {bytes} NOT NULL
) {end};
CREATE UNIQUE INDEX seals_last ON seals (last);
