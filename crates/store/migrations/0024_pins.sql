-- Incidents whose signals must go on to reach people: whom, in what time, and the signals themselves, kept for as long as the pin.
CREATE TABLE pins (
    id         {text} PRIMARY KEY NOT NULL,
    incident   {text} NOT NULL,
    title      {text} NOT NULL,
    -- `anybody`, `person/NAME`, `schedule/NAME` or `team/NAME`; after the first signal, at most.
    whom       {text} NOT NULL,
    within     {int} NOT NULL,
    pinned_by  {text} NOT NULL,
    pinned_at  {int} NOT NULL,
    first_at   {int} NOT NULL,
    signals    {int} NOT NULL,
    retired_at {int},
    retired_by {text},
    retired_why {text}
) {end_keyed};
CREATE INDEX pins_incident ON pins (incident, id);
CREATE INDEX pins_active ON pins (id) WHERE retired_at IS NULL;

-- What sources told, as the signals log had it, cut down to what belongs to the incident.
CREATE TABLE pin_signals (
    pin         {text} NOT NULL,
    place       {int} NOT NULL,
    received_at {int} NOT NULL,
    integration {text} NOT NULL,
    size        {int} NOT NULL,
    body        {bytes} NOT NULL,
    PRIMARY KEY (pin, place)
) {end_keyed};
