story: a node that is restarted between two steps keeps their times; one that was away catches up
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:03 node a restarts
02:05 (the second step, in time)
02:06 node a dies
02:14 (the third step was due at ten past)
02:15 node a restarts
02:16 carla acknowledges
02:30 (quiet)
