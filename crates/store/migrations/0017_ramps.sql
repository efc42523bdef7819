-- How far services let rules take back changes of them; what is not here is off.
CREATE TABLE ramps (
    service {text} PRIMARY KEY NOT NULL,
    ramp    {text} NOT NULL CHECK (ramp IN ('off', 'suggest', 'countdown', 'automatic')),
    person  {text} NOT NULL,
    because {text} NOT NULL,
    at      {int} NOT NULL
) {end_keyed};

-- Incidents whose first suspect a rule still looks at, when next and until when.
CREATE TABLE reflex_looks (
    incident {text} PRIMARY KEY NOT NULL,
    due_at   {int} NOT NULL,
    until    {int} NOT NULL
) {end_keyed};
CREATE INDEX reflex_looks_due ON reflex_looks (due_at);

-- What a rule made of the first suspect of an incident. What people made of it is told by their verdicts and rollbacks.
CREATE TABLE reflexes (
    id       {text} PRIMARY KEY NOT NULL,
    incident {text} NOT NULL,
    change   {text} NOT NULL,
    ramp     {text} NOT NULL,
    at       {int} NOT NULL,
    state    {text} NOT NULL CHECK (state IN ('suggested', 'counting', 'stopped', 'ran', 'lapsed')),
    since    {int} NOT NULL,
    -- When it is done, unless somebody stops it.
    due_at   {int},
    -- Who stopped it.
    person   {text},
    because  {text},
    rollback {text}
) {end_keyed};
-- Of one change in one incident a rule makes something once, on however many nodes.
CREATE UNIQUE INDEX reflexes_once ON reflexes (incident, change);
CREATE INDEX reflexes_change ON reflexes (change);
CREATE INDEX reflexes_due ON reflexes (due_at) WHERE due_at IS NOT NULL;
