-- Whose the fields of documents are: what files said last of each. A field that says otherwise was set by hand since.
CREATE TABLE applied (
    kind      {text} NOT NULL,
    name      {text} NOT NULL,
    spec      {text} NOT NULL,
    -- The changeset that was in force when they had said it, when that was, and who applied them.
    changeset {int} NOT NULL,
    at        {int} NOT NULL,
    author    {text} NOT NULL,
    PRIMARY KEY (kind, name)
) {end_keyed};

-- What files said before anybody asked whose a field is.
INSERT INTO applied (kind, name, spec, changeset, at, author)
SELECT r.kind, r.name, r.spec, r.changeset, c.at, c.author
FROM revisions r JOIN changesets c ON c.number = r.changeset
WHERE r.spec IS NOT NULL AND r.number =
  (SELECT MAX(o.number) FROM revisions o JOIN changesets d ON d.number = o.changeset
   WHERE o.kind = r.kind AND o.name = r.name AND o.spec IS NOT NULL
     AND d.via IN ('apply', 'defaults', 'setup', 'demo'));
