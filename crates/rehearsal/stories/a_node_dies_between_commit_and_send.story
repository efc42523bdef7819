story: a page that was committed and not sent is sent by the next node when the lease is over, marked as a repeat
date: 2026-11-03
zone: Europe/Berlin
nodes: a, b
company: default

01:59 node a dies before sending
02:00 @a prometheus: api "5xx high" severity=critical
02:00:29 (not yet)
02:00:30 (the lease is over)
02:01 ben acknowledges
02:10 (quiet)
