-- How often each flag was evaluated in each hour, and to which variant: counted in memory and written each minute, so that what a
-- node had counted when it died is missing. Without a variant: whoever asked took their own default.
-- Without a flag: somebody fetched the definitions, and may evaluate all flags elsewhere.
CREATE TABLE exposures (
    environment {text} NOT NULL,
    flag        {text} NOT NULL,
    variant     {text} NOT NULL,
    -- When the hour began.
    hour        {int} NOT NULL,
    count       {int} NOT NULL,
    last_at     {int} NOT NULL,
    PRIMARY KEY (flag, environment, variant, hour)
) {end_keyed};
CREATE INDEX exposures_hour ON exposures (hour);
