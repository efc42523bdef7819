story: an acknowledgement is not for ever: after its time, what still fires pages again
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben acknowledges
03:01 (an hour later)
03:02 ben acknowledges
03:30 prometheus: resolved api "5xx high" severity=critical
05:00 (quiet)
