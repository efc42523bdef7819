-- Documents that a change would put in force, revision of the change by revision.
CREATE TABLE change_documents (
    change   {text} NOT NULL,
    revision {int} NOT NULL,
    kind     {text} NOT NULL,
    name     {text} NOT NULL,
    -- The revision of the document that it was written against; 0: there was none.
    base     {int} NOT NULL,
    -- What it is to say; nothing: it is taken away.
    spec     {text},
    -- What files say of it, where it comes from files: kept as such once it is in force.
    said     {text},
    -- The branch whose files it is, as long as nobody has edited it.
    branch   {text},
    PRIMARY KEY (change, revision, kind, name)
) {end_keyed};
CREATE INDEX change_documents_branch ON change_documents (branch, change) WHERE branch IS NOT NULL;
