story: a group that is acknowledged pages again when something in it is worse than what was told
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=error instance=web-1
02:01 ana acknowledges
02:05 prometheus: api "5xx high" severity=error instance=web-2
02:06 (the second of the same is not news)
02:10 prometheus: api "5xx high" severity=critical instance=web-3
02:11 ana acknowledges
02:15 prometheus: api "5xx high" severity=critical instance=web-4
02:20 (quiet)
