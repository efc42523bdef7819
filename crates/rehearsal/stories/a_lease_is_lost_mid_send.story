story: a node that takes longer than its lease to send may be overtaken; its late answer is refused
date: 2026-11-03
zone: Europe/Berlin
nodes: a, b
company: default

01:59 ntfy to ben takes 40s
02:00 @a prometheus: api "5xx high" severity=critical
02:00:20 ntfy to ben works
02:00:30 (b sends it again)
02:00:40 (the answer to a comes too late)
02:01 ben acknowledges
02:10 (quiet)
