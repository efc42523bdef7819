-- What the public is told, and who is told of it.

CREATE TABLE notices (
    id           {text} PRIMARY KEY NOT NULL,
    title        {text} NOT NULL,
    sort         {text} NOT NULL CHECK (sort IN ('incident', 'maintenance')),
    -- When a maintenance is to be.
    window_from  {int},
    window_until {int},
    -- What it is about inside.
    incident     {text},
    created_at   {int} NOT NULL,
    changed_at   {int} NOT NULL,
    -- What its posts say, for finding it: when it began, since when it is over, when it goes on by the clock.
    began_at     {int} NOT NULL,
    over_at      {int},
    due_at       {int}
) {end_keyed};
CREATE INDEX notices_open ON notices (id) WHERE over_at IS NULL;
CREATE INDEX notices_due ON notices (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notices_began ON notices (began_at, id);
CREATE INDEX notices_over ON notices (over_at) WHERE over_at IS NOT NULL;
CREATE INDEX notices_changed ON notices (changed_at, id);
CREATE INDEX notices_incident ON notices (incident) WHERE incident IS NOT NULL;

-- One thing that was said in a notice, as it reads now; what it said before is in the journal.
CREATE TABLE notice_posts (
    id             {text} PRIMARY KEY NOT NULL,
    notice         {text} NOT NULL,
    -- Nothing: an update that changes no state.
    state          {text},
    said           {text} NOT NULL,
    at             {int} NOT NULL,
    recorded_at    {int} NOT NULL,
    said_by        {text} NOT NULL,
    -- How components are from then on: JSON.
    effects        {text} NOT NULL,
    next_update_by {int},
    revision       {int} NOT NULL,
    corrected_at   {int},
    -- Which subscriber was told of it last; empty before the first, nothing once all were, or nobody is to be.
    telling        {text}
) {end_keyed};
CREATE INDEX notice_posts_notice ON notice_posts (notice, at, id);
CREATE INDEX notice_posts_telling ON notice_posts (id) WHERE telling IS NOT NULL;

-- Who asked to be told of notices. A row that goes leaves nothing behind.
CREATE TABLE subscribers (
    id           {text} PRIMARY KEY NOT NULL,
    way          {text} NOT NULL CHECK (way IN ('email', 'webhook')),
    address      {text} NOT NULL,
    -- One to a line; none means all.
    components   {text} NOT NULL,
    asked_at     {int} NOT NULL,
    confirmed_at {int}
) {end_keyed};
CREATE INDEX subscribers_address ON subscribers (address, way);
CREATE INDEX subscribers_asked ON subscribers (asked_at) WHERE confirmed_at IS NULL;

-- What is said to subscribers: found by who it is for, so that it can be erased with them.
CREATE INDEX deliveries_to_subscribers ON deliveries (contact, settled_at) WHERE page IS NULL AND kind = 'mail';
