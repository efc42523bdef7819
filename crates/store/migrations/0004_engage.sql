-- Pages, and who stands in for whom.

CREATE TABLE pages (
    id         {text} PRIMARY KEY NOT NULL,
    -- What it is about: alerts, an incident that nobody commands, something owed to one, or nothing (a test).
    kind       {text} NOT NULL CHECK (kind IN ('alert', 'command', 'reminder', 'test')),
    group_id   {text},
    incident   {text},
    -- What a reminder is of, within its incident: when that is done, the reminder is over.
    owed       {text},
    policy     {text},
    service    {text},
    title      {text} NOT NULL,
    because    {text} NOT NULL,
    urgency    {text} NOT NULL CHECK (urgency IN ('high', 'low')),
    started_at {int} NOT NULL,
    state      {text} NOT NULL CHECK (state IN ('calling', 'acknowledged', 'ended')),
    step       {int} NOT NULL,
    round      {int} NOT NULL,
    state_at   {int} NOT NULL,
    -- When something happens by itself: the next step, or the end of an acknowledgement.
    due_at     {int},
    state_by   {text},
    ended_why  {text}
) {end_keyed};
CREATE INDEX pages_due ON pages (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX pages_group ON pages (group_id, id) WHERE group_id IS NOT NULL;
CREATE INDEX pages_incident ON pages (incident, id) WHERE incident IS NOT NULL;
CREATE INDEX pages_open ON pages (id) WHERE state <> 'ended';

CREATE TABLE overrides (
    id         {text} PRIMARY KEY NOT NULL,
    schedule   {text} NOT NULL,
    person     {text},
    starts_at  {int} NOT NULL,
    ends_at    {int} NOT NULL,
    reason     {text},
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    removed_at {int}
) {end};
CREATE INDEX overrides_schedule ON overrides (schedule, ends_at) WHERE removed_at IS NULL;
