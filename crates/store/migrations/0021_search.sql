-- What whoever searches may not see, and what they are inside of: asked with every search.

CREATE INDEX incidents_restricted ON incidents (id) WHERE visibility = 'restricted';
CREATE INDEX assignments_held ON assignments (person, incident) WHERE state = 'held';
