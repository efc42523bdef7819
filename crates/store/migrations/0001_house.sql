-- The house: what every phase stands on. Ids are texts that sort by time, instants are microseconds UTC.

-- Small things that the program knows of itself: its identity, the key that signs its links.
CREATE TABLE settings (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
) {end_keyed};

-- What happened. Readers follow `number`, which is given in the order of commits (journal.rs says how).
-- `subjects` repeats journal_subjects, one to a line, so that reading on needs no second look-up.
CREATE TABLE journal (
    id {text} NOT NULL PRIMARY KEY,
    number {int} UNIQUE,
    kind {text} NOT NULL,
    at {int} NOT NULL,
    recorded_at {int} NOT NULL,
    actor {text} NOT NULL,
    subjects {text} NOT NULL,
    why {text},
    data {text} NOT NULL
) {end_keyed};

CREATE INDEX journal_unnumbered ON journal (id) WHERE number IS NULL;

-- No foreign key: a thousand alerts of one call are a thousand rows here, and `check` compares the two.
CREATE TABLE journal_subjects (
    subject {text} NOT NULL,
    event {text} NOT NULL,
    PRIMARY KEY (subject, event)
) {end_keyed};

-- The outbox: one message to one contact. `wake_at` is when somebody has to look at the row again: when
-- it is due, or when the lease of its claim ends; NULL once there is nothing left to do.
CREATE TABLE deliveries (
    id {text} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL CHECK (kind IN ('page', 'test', 'hook', 'mail')),
    page {text},
    person {text},
    contact {text} NOT NULL,
    channel {text} NOT NULL,
    address {text} NOT NULL,
    step {int} NOT NULL,
    round {int} NOT NULL,
    urgency {text} NOT NULL CHECK (urgency IN ('high', 'low')),
    payload {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('queued', 'claimed', 'sent', 'failed', 'cancelled')),
    due_at {int} NOT NULL,
    wake_at {int},
    node {text},
    claimed_at {int},
    lease_until {int},
    fence {int} NOT NULL,
    attempts {int} NOT NULL,
    created_at {int} NOT NULL,
    settled_at {int},
    seen_at {int},
    detail {text},
    CHECK (state <> 'claimed' OR (node IS NOT NULL AND lease_until IS NOT NULL AND claimed_at IS NOT NULL)),
    CHECK ((wake_at IS NULL) = (state IN ('sent', 'failed', 'cancelled')))
) {end_keyed};

CREATE INDEX deliveries_open ON deliveries (channel, urgency, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX deliveries_by_page ON deliveries (page, created_at) WHERE page IS NOT NULL;
CREATE INDEX deliveries_by_person ON deliveries (person, created_at) WHERE person IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (settled_at) WHERE state = 'failed';

-- What became of each attempt that came to an end. A number that is missing is an attempt whose node went away.
CREATE TABLE attempts (
    delivery {text} NOT NULL REFERENCES deliveries (id),
    number {int} NOT NULL,
    node {text} NOT NULL,
    started_at {int} NOT NULL,
    ended_at {int} NOT NULL,
    outcome {text} NOT NULL CHECK (outcome IN ('sent', 'later', 'never')),
    detail {text},
    PRIMARY KEY (delivery, number)
) {end_keyed};

-- Which node does what only one may do. A row stays when its lease is over, so that the fence only grows.
CREATE TABLE leases (
    name {text} NOT NULL PRIMARY KEY,
    node {text} NOT NULL,
    until {int} NOT NULL,
    fence {int} NOT NULL
) {end_keyed};

-- What came in, as it came in: for replay. An entry holds the calls that were received in one transaction, each
-- compressed, and the alerts that began in it, as they began (births.rs, signals.rs).
CREATE TABLE signals (
    id {text} NOT NULL PRIMARY KEY,
    received_at {int} NOT NULL,
    node {text} NOT NULL,
    count {int} NOT NULL,
    births {bytes} NOT NULL,
    calls {bytes} NOT NULL
) {end_keyed};
