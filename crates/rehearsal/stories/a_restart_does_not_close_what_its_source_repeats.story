story: a restart forgets when alerts were heard of; that closes none of them
date: 2026-11-03
zone: Europe/Berlin
company: default

01:59 prometheus repeats every 1m
02:00 prometheus: api "5xx high" severity=critical
02:01 ben acknowledges
02:30 node a restarts
02:40 (still acknowledged)
02:41 node a dies
02:55 node a restarts
03:05 (and still: nobody could have told us while we were away)
