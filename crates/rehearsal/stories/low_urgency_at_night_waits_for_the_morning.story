story: low urgency never wakes anyone; it waits for the morning of whoever is on call
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "Certificate ends soon" severity=warning
03:00 (nothing)
07:59 (still nothing)
08:00 (good morning)
2026-11-03 18:00 (it waits for a person and goes no further)
18:05 ben acknowledges
19:00 prometheus: resolved api "Certificate ends soon" severity=warning
19:30 (quiet)
