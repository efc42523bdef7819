-- Documents with all their revisions, and who may come in.

-- What was changed together, by whom, and why.
CREATE TABLE changesets (
    number {int} PRIMARY KEY NOT NULL,
    id     {text} NOT NULL,
    at     {int} NOT NULL,
    author {text} NOT NULL,
    -- How it came: api, page, apply, rollback, defaults, ...
    via    {text} NOT NULL,
    reason {text}
) {end};
CREATE UNIQUE INDEX changesets_id ON changesets (id);

-- Every revision that ever was. Without spec: the revision that deleted the document.
CREATE TABLE revisions (
    kind      {text} NOT NULL,
    name      {text} NOT NULL,
    number    {int} NOT NULL,
    changeset {int} NOT NULL REFERENCES changesets (number),
    spec      {text},
    hash      {text},
    PRIMARY KEY (kind, name, number)
) {end};
CREATE INDEX revisions_changeset ON revisions (changeset, kind, name);

-- The revisions in force.
CREATE TABLE documents (
    kind      {text} NOT NULL,
    name      {text} NOT NULL,
    number    {int} NOT NULL,
    changeset {int} NOT NULL REFERENCES changesets (number),
    spec      {text} NOT NULL,
    hash      {text} NOT NULL,
    PRIMARY KEY (kind, name)
) {end};

-- What a person needs to sign in, besides their document.
CREATE TABLE accounts (
    person          {text} PRIMARY KEY NOT NULL,
    -- Argon2id, as a PHC string.
    password_hash   {text} NOT NULL,
    password_set_at {int} NOT NULL
) {end};

CREATE TABLE sessions (
    -- SHA-256 of what the browser holds.
    token_hash {bytes} PRIMARY KEY NOT NULL,
    person     {text} NOT NULL,
    created_at {int} NOT NULL,
    seen_at    {int} NOT NULL,
    expires_at {int} NOT NULL,
    agent      {text},
    address    {text}
) {end};
CREATE INDEX sessions_person ON sessions (person, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    id           {text} PRIMARY KEY NOT NULL,
    name         {text} NOT NULL,
    hash         {bytes} NOT NULL,
    access       {text} NOT NULL,
    -- Words with blanks between them; empty: everything that the access allows.
    scopes       {text} NOT NULL,
    -- Who made it, and in whose name it acts.
    person       {text} NOT NULL,
    created_at   {int} NOT NULL,
    expires_at   {int},
    last_used_at {int},
    revoked_at   {int}
) {end};
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (hash);
CREATE INDEX api_tokens_person ON api_tokens (person, created_at);

-- Two or more may live at once, so that a rotation loses nothing.
CREATE TABLE integration_tokens (
    hash        {bytes} PRIMARY KEY NOT NULL,
    integration {text} NOT NULL,
    -- The last letters of the token, to tell one from the other.
    ending      {text} NOT NULL,
    created_at  {int} NOT NULL,
    expires_at  {int},
    used_at     {int}
) {end};
CREATE INDEX integration_tokens_integration ON integration_tokens (integration, created_at);

-- What was answered to a request that may come again.
CREATE TABLE idempotency_keys (
    actor     {text} NOT NULL,
    key       {text} NOT NULL,
    body_hash {bytes} NOT NULL,
    status    {int} NOT NULL,
    response  {text} NOT NULL,
    at        {int} NOT NULL,
    PRIMARY KEY (actor, key)
) {end};
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);
