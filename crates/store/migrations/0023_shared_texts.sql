-- The words of a postmortem while several write them: all changes up to `folded` as one, and how far the last change goes.
CREATE TABLE shared_texts (
    incident   {text} PRIMARY KEY NOT NULL,
    state      {bytes} NOT NULL,
    folded     {int} NOT NULL,
    last       {int} NOT NULL,
    -- Changes up to this are in the revisions of the sections.
    settled    {int} NOT NULL,
    -- When the first was made that is not, and when all of them become revisions.
    open_since {int},
    settle_at  {int}
) {end_keyed};
CREATE INDEX shared_texts_settle ON shared_texts (settle_at) WHERE settle_at IS NOT NULL;

-- Each change that is not folded yet. None is altered.
CREATE TABLE shared_text_changes (
    incident {text} NOT NULL,
    number   {int} NOT NULL,
    author   {text} NOT NULL,
    -- The sections that read otherwise since, one to a line.
    sections {text} NOT NULL,
    made_at  {int} NOT NULL,
    data     {bytes} NOT NULL,
    PRIMARY KEY (incident, number)
) {end_keyed};

-- Who wrote in a revision beside its author, one to a line.
ALTER TABLE postmortem_sections ADD COLUMN others {text} NOT NULL DEFAULT '';

-- What is said about a section, or about words in it, beside the text.
CREATE TABLE postmortem_comments (
    id          {text} PRIMARY KEY NOT NULL,
    incident    {text} NOT NULL,
    section     {text} NOT NULL,
    -- The words that it is about; nothing: the whole section.
    quote       {text} NOT NULL,
    -- The comment that it answers.
    reply_to    {text},
    text        {text} NOT NULL,
    author      {text} NOT NULL,
    said_at     {int} NOT NULL,
    resolved_by {text},
    resolved_at {int}
) {end_keyed};
CREATE INDEX postmortem_comments_incident ON postmortem_comments (incident, id);
