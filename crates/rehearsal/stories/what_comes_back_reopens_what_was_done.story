story: the same alert weeks later reopens what was done and names what was not; a cancelled incident undoes that
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ana acknowledges page 1
02:05 ana declares "Payments fail" SEV2 from alert
02:30 prometheus: resolved api "5xx high" severity=critical
02:31 ana resolves the incident: the queue is empty again
10:00 ana proposes item "Limit the queue to 1000" for ben: a test with 1001 is refused
10:01 ana proposes item "Add a runbook for the queue" for ben due=10d: the service names it
2026-11-05 10:00 ben finishes item "Limit the queue to 1000"
10:01 dai confirms item "Limit the queue to 1000": I put in 1001
2026-11-25 03:00 prometheus: api "5xx high" severity=critical
03:01 ana acknowledges
03:02 ana declares "Payments fail again" SEV1 from alert
03:20 ana cancels the incident: it was a test of ours
