-- The security record of an incident: evidence and its custody, observables, what is affected, techniques.

CREATE TABLE evidence (
    id           {text} PRIMARY KEY NOT NULL,
    incident     {text} NOT NULL,
    title        {text} NOT NULL,
    -- The SHA-256, if there is one; the bytes are in the folder of evidence under this name, if they are kept here.
    sha256       {text},
    size         {int},
    kept         {bool} NOT NULL,
    why_no_hash  {text},
    file         {text},
    media_type   {text},
    collector    {text} NOT NULL,
    collected_at {int} NOT NULL,
    place        {text},
    note         {text},
    tlp          {text} NOT NULL CHECK (tlp IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
    added_by     {text} NOT NULL,
    added_at     {int} NOT NULL,
    -- When the bytes were found altered or gone.
    altered_at   {int}
) {end_keyed};
CREATE INDEX evidence_incident ON evidence (incident, id);
CREATE INDEX evidence_sha256 ON evidence (sha256) WHERE kept;

-- Through whose hands it went. A line is added, never changed.
CREATE TABLE custody (
    evidence    {text} NOT NULL,
    number      {int} NOT NULL,
    step        {text} NOT NULL CHECK (step IN ('collected', 'handed-over', 'downloaded', 'altered')),
    at          {int} NOT NULL,
    from_holder {text},
    to_holder   {text},
    place       {text},
    why         {text},
    entered_by  {text} NOT NULL,
    entered_at  {int} NOT NULL,
    PRIMARY KEY (evidence, number)
) {end_keyed};

CREATE TABLE observables (
    id         {text} PRIMARY KEY NOT NULL,
    incident   {text} NOT NULL,
    kind       {text} NOT NULL,
    value      {text} NOT NULL,
    verdict    {text} NOT NULL CHECK (verdict IN ('malicious', 'suspicious', 'benign', 'unknown')),
    tlp        {text} NOT NULL CHECK (tlp IN ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
    first_seen {int},
    last_seen  {int},
    note       {text},
    source     {text},
    added_by   {text} NOT NULL,
    added_at   {int} NOT NULL,
    struck_why {text},
    struck_by  {text},
    struck_at  {int}
) {end_keyed};
CREATE INDEX observables_incident ON observables (incident, id);
CREATE INDEX observables_value ON observables (value, kind, incident) WHERE struck_at IS NULL;

CREATE TABLE affected (
    id       {text} PRIMARY KEY NOT NULL,
    incident {text} NOT NULL,
    subject  {text} NOT NULL,
    label    {text},
    data     {text},
    unit     {text}
) {end_keyed};
CREATE INDEX affected_incident ON affected (incident, id);

-- How many, as somebody claims. Nothing is changed; the last one stands.
CREATE TABLE affected_counts (
    affected   {text} NOT NULL,
    number     {int} NOT NULL,
    precision  {text} NOT NULL,
    low        {int},
    high       {int},
    at         {int} NOT NULL,
    source     {text},
    note       {text},
    entered_by {text} NOT NULL,
    entered_at {int} NOT NULL,
    PRIMARY KEY (affected, number)
) {end_keyed};

-- What the other side did, by its id in ATT&CK; of the incident, or as an entry of its timeline shows.
CREATE TABLE techniques (
    incident      {text} NOT NULL,
    technique     {text} NOT NULL,
    -- Nothing: of the incident as a whole.
    entry         {text} NOT NULL,
    note          {text},
    named_by      {text} NOT NULL,
    named_at      {int} NOT NULL,
    withdrawn_why {text},
    withdrawn_by  {text},
    withdrawn_at  {int},
    PRIMARY KEY (incident, technique, entry)
) {end_keyed};
