-- Changes: what is to be done or was, who approved it, from what it was exempted; how it was taken back, and with what effect.

CREATE TABLE changes (
    id          {text} PRIMARY KEY NOT NULL,
    path        {text} NOT NULL CHECK (path IN ('planned', 'emergency', 'observed')),
    kind        {text} NOT NULL,
    title       {text} NOT NULL,
    revision    {int} NOT NULL,
    -- Why, targets, steps, plan of rollback, verification: of the revision that stands.
    proposal    {text} NOT NULL,
    -- Everybody who wrote a part of it, one a line.
    authors     {text} NOT NULL,
    state       {text} NOT NULL,
    since       {int} NOT NULL,
    -- Of one that failed, is stuck or was cancelled.
    because     {text},
    -- Of one that was taken back, when the alerts have had their time.
    outcome     {text},
    window_from {int},
    window_to   {int},
    incident    {text},
    reviewed_by {text},
    reviewed_at {int},
    -- Points when it was approved or begun.
    risk        {int},
    proposed_by {text} NOT NULL,
    proposed_at {int} NOT NULL,
    began_at    {int},
    ended_at    {int},
    -- Of one that a program reported: the integration, what it calls it, and where people can look.
    source      {text},
    source_key  {text},
    link        {text}
) {end_keyed};
CREATE UNIQUE INDEX changes_source ON changes (source, source_key) WHERE source IS NOT NULL;
CREATE INDEX changes_state ON changes (state, id);

-- What each touches, to find changes by what they touch.
CREATE TABLE change_targets (
    service     {text} NOT NULL,
    change      {text} NOT NULL,
    environment {text} NOT NULL,
    PRIMARY KEY (service, change, environment)
) {end_keyed};
CREATE INDEX change_targets_change ON change_targets (change);

-- When something of it went out, or was said of it by whoever does it. The same may be said any number of times.
CREATE TABLE change_stages (
    change {text} NOT NULL,
    at     {int} NOT NULL,
    stage  {text} NOT NULL CHECK (stage IN ('began', 'stage', 'finished', 'failed', 'rolled-back')),
    said   {text} NOT NULL,
    PRIMARY KEY (change, at, stage, said)
) {end_keyed};
CREATE INDEX change_stages_at ON change_stages (at);

-- Of any revision; those of a revision that no longer stands count for nothing, and are kept.
CREATE TABLE approvals (
    change   {text} NOT NULL,
    revision {int} NOT NULL,
    person   {text} NOT NULL,
    at       {int} NOT NULL,
    PRIMARY KEY (change, revision, person)
) {end_keyed};

CREATE TABLE exemptions (
    change   {text} NOT NULL,
    revision {int} NOT NULL,
    -- A word, and what it is about: a freeze, an incident, another change. Empty where there is nothing.
    rule     {text} NOT NULL,
    about    {text} NOT NULL,
    person   {text} NOT NULL,
    because  {text} NOT NULL,
    at       {int} NOT NULL,
    PRIMARY KEY (change, revision, rule, about)
) {end_keyed};
CREATE INDEX exemptions_at ON exemptions (at);

-- What people found of the suspects of an incident. A later verdict takes the place of an earlier one; the journal keeps both.
CREATE TABLE findings (
    incident {text} NOT NULL,
    -- A change, a changeset (chg_…) or a flag (flag/ENVIRONMENT/KEY@REVISION).
    suspect  {text} NOT NULL,
    finding  {text} NOT NULL,
    person   {text} NOT NULL,
    because  {text} NOT NULL,
    at       {int} NOT NULL,
    PRIMARY KEY (incident, suspect)
) {end_keyed};
CREATE INDEX findings_suspect ON findings (suspect);

-- Runs of plans of rollback.
CREATE TABLE rollbacks (
    id           {text} PRIMARY KEY NOT NULL,
    change       {text} NOT NULL,
    revision     {int} NOT NULL,
    estimate     {int} NOT NULL,
    asked_by     {text},
    asked_at     {int} NOT NULL,
    confirmed_by {text},
    alone        {bool} NOT NULL,
    -- What was shown to whoever asked.
    preview      {text} NOT NULL,
    state        {text} NOT NULL CHECK (state IN ('asked', 'running', 'unknown', 'succeeded', 'failed', 'called-off')),
    since        {int} NOT NULL,
    deadline     {int},
    because      {text},
    incident     {text},
    -- The step of a script that is done next, counted from 0.
    step         {int} NOT NULL,
    -- When the call of this step was made, or may have been; nothing: it was not.
    sent_at      {int},
    -- What the other side calls the run, and where people can look.
    handle       {text},
    link         {text},
    -- When to call, ask or judge next; nothing: it waits for people, or is over.
    due_at       {int},
    -- Alerts that fired in its blast radius when it began, one a line.
    symptoms     {text} NOT NULL,
    outcome      {text},
    outcome_why  {text},
    judged_at    {int}
) {end_keyed};
CREATE INDEX rollbacks_change ON rollbacks (change, id);
CREATE INDEX rollbacks_incident ON rollbacks (incident, id) WHERE incident IS NOT NULL;
CREATE INDEX rollbacks_due ON rollbacks (due_at, id) WHERE due_at IS NOT NULL;
-- Of one change there is never more than one under way.
CREATE UNIQUE INDEX rollbacks_under_way ON rollbacks (change) WHERE state IN ('asked', 'running', 'unknown');

-- Whether a plan could run: what each program that it calls answered, and when to ask again.
CREATE TABLE preflights (
    change      {text} NOT NULL,
    adapter     {text} NOT NULL,
    -- When to ask; nothing: not by itself.
    due_at      {int},
    answer      {text} CHECK (answer IN ('ready', 'denied', 'unreachable', 'no-target')),
    because     {text},
    answered_at {int},
    PRIMARY KEY (change, adapter)
) {end_keyed};
CREATE INDEX preflights_due ON preflights (due_at) WHERE due_at IS NOT NULL;
