story: the second to acknowledge learns who has it; nothing else happens
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:06 ben acknowledges
02:06:30 ana acknowledges
02:07 ben acknowledges
02:20 (quiet)
