story: while nobody commands, the policy of the commander's role is paged, and whoever acknowledges has accepted command
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben acknowledges
02:03 ben declares "Payments fail" SEV1 from alert: a quarter of the requests fail
02:04 (ben looks for the cause and leads nobody)
02:07 ana acknowledges page 2
02:10 ana resolves the incident: it went away by itself
