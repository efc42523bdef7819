story: two nodes over one store page once, and either can be asked
date: 2026-11-03
zone: Europe/Berlin
nodes: a, b
company: default

02:00 @a prometheus: api "5xx high" severity=critical
02:00:10 @b prometheus: api "5xx high" severity=critical instance=web-2
02:05 (the second step is told once)
02:06 @b ana acknowledges
02:07 @a prometheus: resolved api "5xx high" severity=critical
02:08 @b prometheus: resolved api "5xx high" severity=critical instance=web-2
02:20 (quiet)
