story: a node whose clock is ahead does things a little early, and nothing twice
date: 2026-11-03
zone: Europe/Berlin
nodes: a, b 3m ahead
company: default

02:00 @a prometheus: api "5xx high" severity=critical
02:02 (by the clock of b the second step is due)
02:04 @a ana acknowledges
02:10 @b prometheus: resolved api "5xx high" severity=critical
02:20 (quiet)
