story: what resolves while it is snoozed does not come back
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben snoozes until 04:00
03:00 prometheus: resolved api "5xx high" severity=critical
05:00 (quiet)
