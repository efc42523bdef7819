-- Whether an incident is only practised. What was there before was real.
ALTER TABLE incidents ADD COLUMN drill {bool} NOT NULL DEFAULT FALSE;
