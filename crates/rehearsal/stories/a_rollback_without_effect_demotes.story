story: a rollback that changes nothing demotes its suspect, and says so; the next one is taken back and helps
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 prometheus repeats every 1m
10:00 the pipeline ci says "db 12" of db finished
10:05 the pipeline ci says "batch 7" of batch finished
10:10 prometheus: batch "Jobs fail" severity=critical
10:11 dai acknowledges "Jobs fail"
10:12 dai declares "Jobs fail" SEV3 services=batch,db from alert
10:13 dai rolls back "batch 7": it is the nearest
10:31 dai asks what changed
10:32 ana rolls back "db 12": it is the next
10:33 ben confirms "db 12"
10:35 prometheus: resolved batch "Jobs fail" severity=critical
10:45 dai asks what changed
