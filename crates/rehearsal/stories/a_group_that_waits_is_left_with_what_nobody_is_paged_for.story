story: while a group waits for company, what would page ends, and only what nobody is paged for is left
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: route
name: everything
spec: { order: 1000, group_by: [service], group_wait: 30s }
---
kind: route
name: quiet
spec: { order: 10, match: ['severity="none"'], urgency: none, group_by: [service] }
>>>

02:00 prometheus: ledger "Locks" severity=critical
02:00:10 prometheus: ledger "Watchdog" severity=none
02:00:20 prometheus: resolved ledger "Locks" severity=critical
02:05 (nobody is paged)
