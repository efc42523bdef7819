-- Alerts, their groups, and what mutes them.

-- The version of the board: every transaction that changes alerts or groups moves it by one, and so collides with any
-- other that does the same at the same time.
CREATE TABLE boards (
    id      {int} PRIMARY KEY NOT NULL,
    version {int} NOT NULL
) {end};
INSERT INTO boards (id, version) VALUES (1, 0);

-- What each version changed, for the boards of other nodes. Written only where there can be other nodes.
CREATE TABLE board_changes (
    version {int} PRIMARY KEY NOT NULL,
    at      {int} NOT NULL,
    -- The entry of the signals log whose alerts began with this version.
    signal  {text},
    alerts  {text} NOT NULL,
    groups  {text} NOT NULL
) {end};

-- Entries of the signals log that tell of open alerts without a row in `alerts`, and of how many.
CREATE TABLE births (
    signal    {text} PRIMARY KEY NOT NULL,
    left_over {int} NOT NULL
) {end_keyed};

-- An alert has a row once something of it has changed since it began.
CREATE TABLE alerts (
    id               {text} PRIMARY KEY NOT NULL,
    integration      {text} NOT NULL,
    key              {int} NOT NULL,
    group_id         {text} NOT NULL,
    -- The entry of the signals log, and the place in it, that tell of it last: labels and annotations are there.
    signal           {text} NOT NULL,
    position         {int} NOT NULL,
    annotations_hash {int} NOT NULL,
    urgency          {text},
    starts_at        {int} NOT NULL,
    fired_at         {int} NOT NULL,
    heard_at         {int} NOT NULL,
    expires_at       {int} NOT NULL,
    count            {int} NOT NULL,
    -- Why it paged, or why not, when it fired.
    verdict          {text} NOT NULL,
    verdict_about    {text},
    -- The changeset in force then.
    config           {int} NOT NULL,
    muted            {text},
    taken            {text} CHECK (taken IN ('acknowledged', 'snoozed')),
    taken_by         {text},
    taken_at         {int},
    snoozed_until    {int},
    resolved_at      {int},
    closing          {text},
    closed_by        {text},
    -- A person said that it was noise, and why.
    noise            {text}
) {end_keyed};
CREATE INDEX alerts_open ON alerts (id) WHERE resolved_at IS NULL;
CREATE INDEX alerts_resolved ON alerts (resolved_at, id) WHERE resolved_at IS NOT NULL;
CREATE INDEX alerts_snoozed ON alerts (snoozed_until) WHERE snoozed_until IS NOT NULL;

CREATE TABLE groups (
    id        {text} PRIMARY KEY NOT NULL,
    route     {text} NOT NULL,
    labels    {text} NOT NULL,
    service   {text},
    policy    {text},
    urgency   {text},
    title     {text} NOT NULL,
    opened_at {int} NOT NULL,
    closed_at {int},
    page      {text},
    told      {text} NOT NULL,
    due_at    {int}
) {end_keyed};
CREATE INDEX groups_open ON groups (id) WHERE closed_at IS NULL;
CREATE INDEX groups_due ON groups (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE silences (
    id         {text} PRIMARY KEY NOT NULL,
    matchers   {text} NOT NULL,
    starts_at  {int} NOT NULL,
    ends_at    {int} NOT NULL,
    created_by {text} NOT NULL,
    comment    {text} NOT NULL,
    updated_at {int} NOT NULL,
    -- When it begins or ends next; nothing once it has ended and what it muted was looked at.
    due_at     {int}
) {end};
CREATE INDEX silences_due ON silences (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE heartbeats (
    integration {text} PRIMARY KEY NOT NULL,
    last_at     {int},
    due_at      {int},
    missed_at   {int}
) {end};
CREATE INDEX heartbeats_due ON heartbeats (due_at) WHERE due_at IS NOT NULL;

-- Calls that were refused, the newest of each integration, and how many there were.
CREATE TABLE rejections (
    id          {text} PRIMARY KEY NOT NULL,
    integration {text} NOT NULL,
    at          {int} NOT NULL,
    format      {text} NOT NULL,
    status      {int} NOT NULL,
    place       {text},
    why         {text} NOT NULL,
    excerpt     {text} NOT NULL
) {end};
CREATE INDEX rejections_integration ON rejections (integration, id);
CREATE TABLE rejection_counts (
    integration {text} PRIMARY KEY NOT NULL,
    count       {int} NOT NULL
) {end};
