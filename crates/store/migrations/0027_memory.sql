-- What is remembered when the same alerts fire again: a link to a group of alerts says which alerts these are, as its route and
-- labels begin, so that one look finds the incidents that they led to. They are compared whole where they are found.
ALTER TABLE incident_links ADD COLUMN alike {text};
UPDATE incident_links SET alike = (SELECT substr(groups.route || ' ' || groups.labels, 1, 400) FROM groups
    WHERE groups.id = incident_links.subject);
CREATE INDEX incident_links_alike ON incident_links (alike, incident) WHERE alike IS NOT NULL;
