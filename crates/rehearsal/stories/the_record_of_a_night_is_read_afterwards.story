story: what the record says afterwards: where the minutes went, and what it does not tell
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 prometheus repeats every 1m
10:00 the pipeline ci says "batch 7" of batch finished
10:10 prometheus: batch "Jobs fail" severity=critical
10:12 dai acknowledges "Jobs fail"
10:14 dai declares "Jobs fail" SEV3 services=batch from alert
10:15 dai takes command
10:16 dai claims impact-started 2026-11-03 09:02: the first job that failed
10:17 dai rolls back "batch 7": it is the nearest
10:18 dai decides: the queue is held
10:22 prometheus: resolved batch "Jobs fail" severity=critical
11:05 dai mitigates
11:06 dai resolves the incident: all jobs run
11:10 dai reads the draft
