story: a source may speak to one node alone; the other does not close its alerts
date: 2026-11-03
zone: Europe/Berlin
nodes: a, b
company: default

01:59 prometheus repeats every 1m
02:00 prometheus: api "5xx high" severity=critical
02:01 @b ben acknowledges
02:30 (open on both)
02:31 prometheus falls silent
02:45 (closed, once)
