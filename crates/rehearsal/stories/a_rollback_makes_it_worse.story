story: new alerts after a rollback are a verdict, too: worse
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 prometheus repeats every 1m
10:05 the pipeline ci says "batch 7" of batch finished
10:10 prometheus: batch "Jobs fail" severity=critical
10:12 dai declares "Jobs fail" SEV3 services=batch from alert
10:13 dai rolls back "batch 7": it is the nearest
10:14 prometheus: batch "No jobs at all" severity=critical
10:20 (the verdict is there)
