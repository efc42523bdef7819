story: a source that tells every minute of the same alert makes no noise, and keeps it open
date: 2026-11-03
zone: Europe/Berlin
company: default

01:59 prometheus repeats every 1m
02:00 prometheus: api "5xx high" severity=critical
02:01 ben acknowledges
02:30 (open)
02:31 prometheus falls silent
02:40 (closed: nothing was heard of it for five minutes)
