story: on Monday morning, where they are, each is told once what is overdue and what came back, though of two nodes one dies with the mail; whoever wants none gets none
date: 2026-11-03
zone: Europe/Berlin
company: default
digests: weekly
nodes: a, b

02:00 prometheus: api "5xx high" severity=critical
02:01 ana acknowledges page 1
02:05 ana declares "Payments fail" SEV3 services=api from alert
02:30 prometheus: resolved api "5xx high" severity=critical
02:31 ana resolves the incident: the queue is empty again
10:00 ana proposes item "Limit the queue to 1000" for ben: a test with 1001 is refused
10:01 ana proposes item "Add a runbook for the queue" for dai due=10d: the service names it
10:02 dai accepts item "Add a runbook for the queue"
2026-11-05 10:00 ben finishes item "Limit the queue to 1000"
2026-11-09 09:00 (a Monday on which there was nothing to say)
2026-11-18 03:00 prometheus: api "5xx high" severity=critical
03:01 ana acknowledges
03:02 ana declares "Payments fail again" SEV3 services=api from alert
03:20 prometheus: resolved api "5xx high" severity=critical
03:21 ana resolves the incident: the queue is empty again
2026-11-20 09:00 ana wants no digest
2026-11-22 23:00 node a dies before sending
2026-11-23 09:00 node a restarts
09:05 ben reads the digest
2026-11-23 12:00 (once)
