-- What customers read of a postmortem: the plan by which it is derived, as it stands now.
CREATE TABLE customer_postmortems (
    incident    {text} PRIMARY KEY NOT NULL,
    revision    {int} NOT NULL,
    -- What goes out and what is taken out: JSON.
    plan        {text} NOT NULL,
    -- Who worked on what is not published yet, one to a line.
    prepared_by {text} NOT NULL,
    saved_at    {int} NOT NULL,
    -- Why what the leak check found may stay: JSON.
    answers     {text} NOT NULL,
    -- That whoever may open the incident agrees: JSON.
    consent     {text},
    notice      {text},
    versions    {int} NOT NULL
) {end_keyed};

-- What was published, as it was then. Nothing of it is changed; a correction is a version of its own.
CREATE TABLE customer_postmortem_versions (
    notice       {text} NOT NULL,
    version      {int} NOT NULL,
    incident     {text} NOT NULL,
    -- The text, JSON, and the hash of it.
    report       {text} NOT NULL,
    hash         {text} NOT NULL,
    published_by {text} NOT NULL,
    published_at {int} NOT NULL,
    correction   {text},
    PRIMARY KEY (notice, version)
) {end_keyed};
CREATE INDEX customer_postmortem_versions_incident ON customer_postmortem_versions (incident, version);

-- Action items that are promised in public: when one of them moves, what the public reads does.
CREATE TABLE customer_promises (
    item   {text} PRIMARY KEY NOT NULL,
    notice {text} NOT NULL
) {end_keyed};

-- The meeting in which a postmortem is read together.
CREATE TABLE review_meetings (
    incident    {text} PRIMARY KEY NOT NULL,
    revision    {int} NOT NULL,
    state       {text} NOT NULL CHECK (state IN ('planned', 'held', 'cancelled')),
    starts_at   {int} NOT NULL,
    minutes     {int} NOT NULL,
    place       {text} NOT NULL,
    facilitator {text} NOT NULL,
    -- How often invitations were sent anew.
    sequence    {int} NOT NULL,
    -- Who is invited and why, what was said to each topic, decisions, who was there: JSON.
    invitees    {text} NOT NULL,
    notes       {text} NOT NULL,
    decisions   {text} NOT NULL,
    attended    {text} NOT NULL
) {end_keyed};
