story: where a group spans services, a service that was not told of yet pages again
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: route
name: region
spec: { order: 10, match: ['region!=""'], escalation_policy: payments, group_by: [region] }
>>>

02:00 prometheus: api "Latency" region=eu severity=critical
02:01 ana acknowledges
02:02 prometheus: api "Errors" region=eu severity=critical
02:03 prometheus: ledger "Latency" region=eu severity=critical
02:04 ana acknowledges
02:10 (quiet)
