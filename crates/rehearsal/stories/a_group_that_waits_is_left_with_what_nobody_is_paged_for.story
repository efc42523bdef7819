story: while a group waits for company, what would page ends, and only what nobody is paged for is left
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: route
name: everything
spec: { order: 1000, group_by: [service], group_wait: 30s }
>>>

02:00 prometheus: ledger "Locks" severity=critical
02:00:05 apply
<<<
kind: route
name: everything
spec: { order: 1000, group_by: [service], group_wait: 30s, urgency: none }
>>>
02:00:10 prometheus: ledger "Watchdog" severity=critical
02:00:20 prometheus: resolved ledger "Locks" severity=critical
02:05 (nobody is paged)
