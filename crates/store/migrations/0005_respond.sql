-- Incidents: what people respond to together. What happened in them stands in the journal.

CREATE TABLE incidents (
    id            {text} PRIMARY KEY NOT NULL,
    title         {text} NOT NULL,
    class         {text} NOT NULL CHECK (class IN ('security', 'system', 'operational')),
    phase         {text} NOT NULL CHECK (phase IN ('reported', 'active', 'resolved', 'in-review', 'closed', 'cancelled', 'merged')),
    since         {int} NOT NULL,
    severity      {text},
    -- What goes on, each since when: JSON, in microseconds.
    activities    {text} NOT NULL,
    visibility    {text} NOT NULL CHECK (visibility IN ('open', 'restricted')),
    -- What a restricted one is called where others might read it.
    codename      {text},
    commander     {text},
    merged_into   {text},
    reopened      {int} NOT NULL,
    -- "I declare it because ...", "the impact is ...".
    because       {text},
    impact        {text},
    -- One to a line.
    services      {text} NOT NULL,
    reported_by   {text} NOT NULL,
    reported_at   {int} NOT NULL,
    -- Written down after it was over: no measure of how quick the response was.
    retrospective {bool} NOT NULL,
    -- It could have been an incident, but for luck or a catch.
    near_miss     {bool} NOT NULL,
    -- When somebody is paged to command it, if nobody does by then.
    command_due_at {int}
) {end_keyed};
CREATE INDEX incidents_open ON incidents (id) WHERE phase IN ('reported', 'active');
CREATE INDEX incidents_due ON incidents (command_due_at) WHERE command_due_at IS NOT NULL;

-- Who is named for an incident. A restricted one is there for them alone.
CREATE TABLE incident_people (
    incident {text} NOT NULL,
    person   {text} NOT NULL,
    PRIMARY KEY (incident, person)
) {end_keyed};
CREATE INDEX incident_people_person ON incident_people (person, incident);

-- What belongs to an incident: a group of alerts, another incident.
CREATE TABLE incident_links (
    incident  {text} NOT NULL,
    subject   {text} NOT NULL,
    linked_at {int} NOT NULL,
    linked_by {text} NOT NULL,
    PRIMARY KEY (incident, subject)
) {end_keyed};
CREATE INDEX incident_links_subject ON incident_links (subject, incident);

-- When a milestone was reached, as somebody claims. Nothing is changed; a later claim supersedes.
CREATE TABLE stamps (
    id         {text} PRIMARY KEY NOT NULL,
    incident   {text} NOT NULL,
    milestone  {text} NOT NULL,
    at         {int} NOT NULL,
    until      {int} NOT NULL,
    precision  {text} NOT NULL,
    source     {text} NOT NULL,
    entered_by {text} NOT NULL,
    entered_at {int} NOT NULL,
    evidence   {text},
    note       {text},
    supersedes {text}
) {end_keyed};
CREATE INDEX stamps_incident ON stamps (incident, id);

-- Roles that were offered, and what became of the offer.
CREATE TABLE assignments (
    incident   {text} NOT NULL,
    role       {text} NOT NULL,
    person     {text} NOT NULL,
    offered_at {int} NOT NULL,
    state      {text} NOT NULL CHECK (state IN ('offered', 'held', 'declined', 'ended')),
    state_at   {int} NOT NULL,
    PRIMARY KEY (incident, role, person, offered_at)
) {end_keyed};

-- What one named person does by when, and what came of it.
CREATE TABLE tasks (
    id       {text} PRIMARY KEY NOT NULL,
    incident {text} NOT NULL,
    title    {text} NOT NULL,
    owner    {text} NOT NULL,
    given_at {int} NOT NULL,
    due_at   {int},
    state    {text} NOT NULL CHECK (state IN ('given', 'taken', 'done', 'dropped')),
    state_at {int} NOT NULL,
    -- The result, or why it was dropped.
    said     {text},
    -- When its owner is reminded; nothing once that was done, or there is nothing to remind of.
    wake_at  {int}
) {end_keyed};
CREATE INDEX tasks_incident ON tasks (incident, id);
CREATE INDEX tasks_due ON tasks (wake_at) WHERE wake_at IS NOT NULL;

-- What people are told meanwhile.
CREATE TABLE updates (
    id           {text} PRIMARY KEY NOT NULL,
    incident     {text} NOT NULL,
    audience     {text} NOT NULL CHECK (audience IN ('internal', 'public')),
    stage        {text},
    body         {text} NOT NULL,
    -- Of a public one: the title of the notice that it opens, and how components are from then on (JSON).
    title        {text},
    components   {text} NOT NULL,
    next_by      {int},
    author       {text},
    written_at   {int} NOT NULL,
    late_because {text},
    state        {text} NOT NULL CHECK (state IN ('draft', 'posted', 'withdrawn')),
    state_at     {int} NOT NULL,
    -- Who approved it, or withdrew it.
    state_by     {text}
) {end_keyed};
CREATE INDEX updates_incident ON updates (incident, id);

-- What was promised to an audience: an update by then.
CREATE TABLE promises (
    incident    {text} NOT NULL,
    audience    {text} NOT NULL,
    given_at    {int} NOT NULL,
    due_at      {int} NOT NULL,
    -- When an update came, or the incident was over.
    answered_at {int},
    over_at     {int},
    -- Why it came late.
    why         {text},
    -- When to remind whoever owes it, then when it is missed, then nothing.
    wake_at     {int},
    PRIMARY KEY (incident, audience, given_at)
) {end_keyed};
CREATE INDEX promises_due ON promises (wake_at) WHERE wake_at IS NOT NULL;

-- How an entry of a timeline stands now, if it was corrected, struck or pinned.
CREATE TABLE entry_marks (
    event        {text} PRIMARY KEY NOT NULL,
    incident     {text} NOT NULL,
    text         {text},
    corrected_by {text},
    corrected_at {int},
    struck_why   {text},
    struck_by    {text},
    struck_at    {int},
    pinned_by    {text},
    pinned_at    {int}
) {end_keyed};
CREATE INDEX entry_marks_incident ON entry_marks (incident, event);

ALTER TABLE journal ADD COLUMN incident {text};
CREATE INDEX journal_incident ON journal (incident, at, id) WHERE incident IS NOT NULL;
