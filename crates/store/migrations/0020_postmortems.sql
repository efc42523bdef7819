-- What is learned from an incident: one for each whose response is over, also where no rule asks for it.
CREATE TABLE postmortems (
    incident    {text} PRIMARY KEY NOT NULL,
    state       {text} NOT NULL CHECK (state IN ('not-due', 'due', 'draft', 'in-review', 'published', 'waived')),
    since       {int} NOT NULL,
    -- The rules that fired, with what they saw: JSON.
    judgement   {text} NOT NULL,
    judged_at   {int} NOT NULL,
    over_at     {int} NOT NULL,
    draft_due   {int},
    publish_due {int},
    accept_due  {int},
    -- Who was asked to own it in this round, one to a line.
    asked       {text} NOT NULL,
    accept_by   {int},
    -- Who asked for it, and why: JSON.
    requests    {text} NOT NULL,
    -- Who waived it, and why: JSON.
    waiver      {text},
    reviewer    {text},
    versions    {int} NOT NULL,
    -- Something was corrected: it is judged again then.
    judge_at    {int},
    -- When whoever owns it is reminded next.
    remind_at   {int}
) {end_keyed};
CREATE INDEX postmortems_state ON postmortems (state, publish_due);
CREATE INDEX postmortems_judge ON postmortems (judge_at) WHERE judge_at IS NOT NULL;
CREATE INDEX postmortems_accept ON postmortems (accept_by) WHERE accept_by IS NOT NULL;
CREATE INDEX postmortems_remind ON postmortems (remind_at) WHERE remind_at IS NOT NULL;

-- Each text of each section; the last stands.
CREATE TABLE postmortem_sections (
    incident   {text} NOT NULL,
    section    {text} NOT NULL,
    revision   {int} NOT NULL,
    text       {text} NOT NULL,
    author     {text} NOT NULL,
    written_at {int} NOT NULL,
    PRIMARY KEY (incident, section, revision)
) {end_keyed};

-- Conditions that came together.
CREATE TABLE factors (
    id        {text} PRIMARY KEY NOT NULL,
    incident  {text} NOT NULL,
    text      {text} NOT NULL,
    -- Of the taxonomy.
    kind      {text},
    evidence  {text},
    named_by  {text} NOT NULL,
    named_at  {int} NOT NULL,
    struck_by {text},
    struck_why {text},
    struck_at {int}
) {end_keyed};
CREATE INDEX factors_incident ON factors (incident, id);
CREATE INDEX factors_kind ON factors (kind, named_at) WHERE kind IS NOT NULL;

-- What was published, as it was then: JSON. Nothing of it is changed; a correction is a version that says what was not so.
CREATE TABLE postmortem_versions (
    incident     {text} NOT NULL,
    version      {int} NOT NULL,
    body         {text} NOT NULL,
    published_by {text} NOT NULL,
    published_at {int} NOT NULL,
    correction   {text},
    PRIMARY KEY (incident, version)
) {end_keyed};
