-- What was said last of each item of a checklist in an incident. What was said before stands in the journal.
CREATE TABLE checklist_ticks (
    incident  {text} NOT NULL,
    checklist {text} NOT NULL,
    item      {text} NOT NULL,
    state     {text} NOT NULL CHECK (state IN ('open', 'done', 'not-applicable')),
    said      {text},
    ticked_by {text} NOT NULL,
    ticked_at {int} NOT NULL,
    PRIMARY KEY (incident, checklist, item)
) {end_keyed};
