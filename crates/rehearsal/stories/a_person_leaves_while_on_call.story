story: whoever left the company is not paged any more, though the schedule still names them
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 ben leaves
02:00 prometheus: api "5xx high" severity=critical
02:01 ana acknowledges
02:10 (quiet)
