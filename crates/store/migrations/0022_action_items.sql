-- What is to be done after incidents, how it stands, and what proves it.
CREATE TABLE action_items (
    id          {text} PRIMARY KEY NOT NULL,
    incident    {text} NOT NULL,
    title       {text} NOT NULL,
    -- How anybody can tell that it is done.
    bound       {text} NOT NULL,
    owner       {text} NOT NULL,
    kind        {text} NOT NULL CHECK (kind IN ('prevent', 'detect', 'mitigate', 'process')),
    priority    {text} NOT NULL CHECK (priority IN ('high', 'normal', 'low')),
    due_at      {int} NOT NULL,
    factor      {text},
    -- What proves it, as JSON; the document that it is about, if it is about one; and whether it needs the world outside.
    proof       {text} NOT NULL,
    document    {text},
    slow        {bool} NOT NULL,
    proposed_at {int} NOT NULL,
    state       {text} NOT NULL CHECK (state IN ('proposed', 'accepted', 'done', 'verified', 'wont-do')),
    state_at    {int} NOT NULL,
    done_at     {int},
    -- Who saw that it holds, where no machine did; who agreed that it is not done, who asked, and why.
    state_by    {text},
    asked_by    {text},
    because     {text},
    reopened    {int} NOT NULL,
    -- Somebody asks that it is not done.
    drop_by     {text},
    drop_why    {text},
    drop_at     {int},
    reminded_at {int},
    -- When its owner is reminded, and when its check is asked; nothing, where nobody waits for it.
    wake_at     {int},
    check_at    {int}
) {end_keyed};
CREATE INDEX action_items_incident ON action_items (incident, id);
CREATE INDEX action_items_owner ON action_items (owner, state);
CREATE INDEX action_items_document ON action_items (document) WHERE document IS NOT NULL;
CREATE INDEX action_items_wake ON action_items (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX action_items_check ON action_items (check_at) WHERE check_at IS NOT NULL;

-- What a check saw: from when to when it was the same.
CREATE TABLE action_item_evidence (
    item   {text} NOT NULL,
    at     {int} NOT NULL,
    until  {int} NOT NULL,
    answer {text} NOT NULL CHECK (answer IN ('yes', 'no', 'unknown')),
    said   {text} NOT NULL,
    -- Who looked, where no machine did.
    person {text},
    PRIMARY KEY (item, at)
) {end_keyed};

-- Incidents in which something came back: which items that concerns, and how those stood that were reopened.
CREATE TABLE action_item_recurrences (
    item        {text} NOT NULL,
    incident    {text} NOT NULL,
    at          {int} NOT NULL,
    was         {text},
    was_at      {int},
    was_done_at {int},
    was_by      {text},
    was_due_at  {int},
    -- The incident was none after all.
    undone_at   {int},
    PRIMARY KEY (item, incident)
) {end_keyed};
CREATE INDEX action_item_recurrences_incident ON action_item_recurrences (incident);
