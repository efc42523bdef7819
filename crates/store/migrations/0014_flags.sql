-- Flags: what stands above their definitions, who may ask for them, and who did.

-- A flag that was switched to one variant, or off, above its definition.
CREATE TABLE kills (
    id          {text} PRIMARY KEY NOT NULL,
    environment {text} NOT NULL,
    -- What programs call the flag.
    flag        {text} NOT NULL,
    -- What everybody gets; without one, whoever asks takes their own default.
    variant     {text},
    made_by     {text} NOT NULL,
    why         {text} NOT NULL,
    -- The incident that it contains.
    incident    {text},
    at          {int} NOT NULL,
    expires_at  {int} NOT NULL,
    lifted_at   {int},
    lifted_by   {text},
    -- When it next nags, or ends; nothing, once it is over.
    due_at      {int}
) {end_keyed};
CREATE INDEX kills_due ON kills (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX kills_flag ON kills (flag, id);
CREATE INDEX kills_incident ON kills (incident) WHERE incident IS NOT NULL;

-- What a program shows that asks for the flags of an environment.
CREATE TABLE environment_keys (
    id          {text} PRIMARY KEY NOT NULL,
    -- SHA-256 of the key.
    hash        {bytes} NOT NULL,
    environment {text} NOT NULL,
    kind        {text} NOT NULL CHECK (kind IN ('server', 'client')),
    title       {text} NOT NULL,
    ending      {text} NOT NULL,
    made_by     {text} NOT NULL,
    made_at     {int} NOT NULL,
    expires_at  {int},
    revoked_at  {int}
) {end_keyed};
CREATE UNIQUE INDEX environment_keys_hash ON environment_keys (hash);
CREATE INDEX environment_keys_environment ON environment_keys (environment, id);

-- Who fetched flags when, and which; written now and then, never while somebody waits for an answer.
CREATE TABLE flag_readers (
    key         {text} NOT NULL,
    address     {text} NOT NULL,
    agent       {text} NOT NULL,
    environment {text} NOT NULL,
    fetched_at  {int} NOT NULL,
    version     {text} NOT NULL,
    -- Up to when what it got knew of kills.
    knows_until {int} NOT NULL,
    PRIMARY KEY (key, address, agent)
) {end_keyed};
CREATE INDEX flag_readers_environment ON flag_readers (environment, fetched_at);
CREATE INDEX flag_readers_fetched_at ON flag_readers (fetched_at);
