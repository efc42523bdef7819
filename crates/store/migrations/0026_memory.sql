-- What is remembered when the same alerts fire again: a link to a group of alerts says which alerts these are, as its route and
-- labels begin, so that one look finds the incidents that they led to. They are compared whole where they are found.
ALTER TABLE incident_links ADD COLUMN alike {text};
UPDATE incident_links SET alike = (SELECT substr(groups.route || ' ' || groups.labels, 1, 400) FROM groups
    WHERE groups.id = incident_links.subject);
CREATE INDEX incident_links_alike ON incident_links (alike, incident) WHERE alike IS NOT NULL;

-- Which alerts were called noise: few of many.
CREATE INDEX alerts_noise ON alerts (group_id) WHERE noise IS NOT NULL;

-- The weekly digest: of which week somebody was told last, and whether they want one.
CREATE TABLE digests (
    person {text} PRIMARY KEY NOT NULL,
    -- The date of its Monday.
    week   {text},
    wanted {bool} NOT NULL
) {end_keyed};

-- The issue that an action item has in a tracker elsewhere, and how both stood when they last agreed.
CREATE TABLE tracked_issues (
    item        {text} PRIMARY KEY NOT NULL,
    tracker     {text} NOT NULL,
    -- What it is called there; nothing: it is still to be made.
    issue       {text},
    url         {text},
    title       {text},
    status      {text},
    agreed_open {bool} NOT NULL,
    etag        {text},
    asked_by    {text} NOT NULL,
    asked_at    {int} NOT NULL,
    heard_at    {int},
    -- What stands in the way, and how often in a row.
    trouble     {text},
    attempts    {int} NOT NULL,
    -- When it is looked at next; nothing: somebody has to do something first.
    due_at      {int}
) {end_keyed};
CREATE INDEX tracked_issues_due ON tracked_issues (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX tracked_issues_issue ON tracked_issues (tracker, issue) WHERE issue IS NOT NULL;
