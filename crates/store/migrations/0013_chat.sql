-- Chats of others, in which incidents are spoken of.

-- What a chat has besides its document: how far it was heard, and how it is.
CREATE TABLE chats (
    name     {text} NOT NULL PRIMARY KEY,
    -- Up to where a homeserver was heard (`next_batch`).
    since    {text},
    heard_at {int},
    spoke_at {int},
    -- What failed last, until something works again.
    error    {text},
    error_at {int}
) {end_keyed};

-- The room of an incident in a chat: asked for, then opened or not to be had.
CREATE TABLE chat_rooms (
    chat      {text} NOT NULL,
    incident  {text} NOT NULL,
    asked_at  {int} NOT NULL,
    -- What the provider calls it.
    room      {text},
    opened_at {int},
    failed    {text},
    -- It was told there that the incident is no longer for everybody.
    hidden_at {int},
    PRIMARY KEY (chat, incident)
) {end_keyed};
CREATE INDEX chat_rooms_room ON chat_rooms (chat, room);
CREATE INDEX chat_rooms_incident ON chat_rooms (incident);

-- What was heard in a chat and acted upon, so that it is acted upon once; and what was answered.
CREATE TABLE chat_messages (
    chat     {text} NOT NULL,
    message  {text} NOT NULL,
    heard_at {int} NOT NULL,
    answer   {text},
    PRIMARY KEY (chat, message)
) {end_keyed};
CREATE INDEX chat_messages_heard_at ON chat_messages (heard_at);
