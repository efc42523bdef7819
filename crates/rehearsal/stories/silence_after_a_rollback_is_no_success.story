story: when nothing is heard any more of what fired, nobody says that a rollback helped
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: integration
name: prometheus
spec: { title: Prometheus, source: { alertmanager: { resolve_timeout: 3m } } }
>>>

10:00 prometheus repeats every 1m
10:05 the pipeline ci says "batch 7" of batch finished
10:10 prometheus: batch "Jobs fail" severity=critical
10:12 dai declares "Jobs fail" SEV3 services=batch from alert
10:13 dai rolls back "batch 7": it is the nearest
10:14 prometheus falls silent
10:40 (the verdict is there)
