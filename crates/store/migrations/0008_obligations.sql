-- Obligations: what was recorded, told and decided of the clocks in an incident, and when somebody is to be reminded.

-- A moment that starts clocks, as a named person recorded it. Nothing is changed; a later record supersedes.
CREATE TABLE obligation_anchors (
    id         {text} PRIMARY KEY NOT NULL,
    incident   {text} NOT NULL,
    pack       {text} NOT NULL,
    anchor     {text} NOT NULL,
    at         {int} NOT NULL,
    basis      {text} NOT NULL,
    evidence   {text},
    entered_by {text} NOT NULL,
    entered_at {int} NOT NULL,
    supersedes {text}
) {end_keyed};
CREATE INDEX obligation_anchors_incident ON obligation_anchors (incident, id);

-- What was told to those who are to be told, in the words in which it was.
CREATE TABLE submissions (
    id         {text} PRIMARY KEY NOT NULL,
    incident   {text} NOT NULL,
    pack       {text} NOT NULL,
    clock      {text} NOT NULL,
    at         {int} NOT NULL,
    receipt    {text},
    said       {text} NOT NULL,
    entered_by {text} NOT NULL,
    entered_at {int} NOT NULL,
    amends     {text},
    why_late   {text}
) {end_keyed};
CREATE INDEX submissions_incident ON submissions (incident, id);

-- What was decided of a pack in an incident, or of one of its clocks. A later decision takes the place of an earlier one.
CREATE TABLE obligation_decisions (
    id         {text} PRIMARY KEY NOT NULL,
    incident   {text} NOT NULL,
    pack       {text} NOT NULL,
    clock      {text},
    ruling     {text} NOT NULL CHECK (ruling IN ('considered', 'ruled-out', 'not-due', 'due', 'postponed')),
    until      {int},
    why        {text} NOT NULL,
    decided_by {text} NOT NULL,
    decided_at {int} NOT NULL
) {end_keyed};
CREATE INDEX obligation_decisions_incident ON obligation_decisions (incident, id);

-- A clock that was started in an incident, as it stood when something about it last changed: what the lists and the
-- reminders go by. How it stands is computed from the records above.
CREATE TABLE obligations (
    incident  {text} NOT NULL,
    pack      {text} NOT NULL,
    clock     {text} NOT NULL,
    -- Nothing was told, nor decided that nothing must be.
    running   {bool} NOT NULL,
    since     {int} NOT NULL,
    -- Nothing: without undue delay.
    due_at    {int},
    -- So many hundredths of its time were over when somebody was last reminded.
    reminded  {int} NOT NULL,
    remind_at {int},
    PRIMARY KEY (incident, pack, clock)
) {end_keyed};
CREATE INDEX obligations_running ON obligations (due_at, incident) WHERE running;
CREATE INDEX obligations_remind ON obligations (remind_at) WHERE remind_at IS NOT NULL;
