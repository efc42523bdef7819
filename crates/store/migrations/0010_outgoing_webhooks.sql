-- What others are told of what happens, and who follows the journal.

-- How far somebody who follows the journal has read it: everything up to this number.
CREATE TABLE journal_readers (
    name   {text} NOT NULL PRIMARY KEY,
    number {int} NOT NULL
) {end_keyed};

-- What an outgoing webhook has besides its document.
CREATE TABLE outgoing_webhooks (
    name     {text} NOT NULL PRIMARY KEY,
    -- The receiver at this URL answered that it wants no more.
    gone_at  {int},
    gone_url {text}
) {end_keyed};

-- What its secrets are derived from, with the key of the installation: no secret stands in the database. Two or more
-- sign at once while one replaces the other.
CREATE TABLE outgoing_webhook_keys (
    webhook    {text} NOT NULL,
    seed       {bytes} NOT NULL,
    made_at    {int} NOT NULL,
    -- The first one is made before anybody asks.
    shown      {bool} NOT NULL,
    expires_at {int},
    PRIMARY KEY (webhook, seed)
) {end_keyed};

-- Which deliveries are of which outgoing webhook, and of which entry of the journal; a test is of none.
CREATE TABLE outgoing_webhook_deliveries (
    delivery {text} NOT NULL PRIMARY KEY,
    webhook  {text} NOT NULL,
    event    {text}
) {end_keyed};
CREATE INDEX outgoing_webhook_deliveries_webhook ON outgoing_webhook_deliveries (webhook, delivery);
