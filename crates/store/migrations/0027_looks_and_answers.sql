-- Whether a tracker said meanwhile that an issue changed: it is looked at once more, however often that was said.
ALTER TABLE tracked_issues ADD COLUMN wished {bool} NOT NULL DEFAULT FALSE;

-- What those who were there say of a review meeting. Who answered, and what was answered, are kept apart.
CREATE TABLE review_surveys (
    incident {text} PRIMARY KEY NOT NULL,
    -- Who answered.
    answered {text} NOT NULL,
    -- How often each answer was given, as anybody may read it, and the sentences in their alphabet.
    shown    {text} NOT NULL,
    -- The same of those that wait until there are enough of them.
    waiting  {text} NOT NULL
) {end_keyed};
