story: where a route waits for company, the page tells of all that came meanwhile; what ended meanwhile pages nobody
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: route
name: ledger
spec: { order: 10, match: ['service="ledger"'], group_wait: 30s }
>>>

02:00 prometheus: ledger "Locks" instance=a severity=critical
02:00:10 prometheus: ledger "Locks" instance=b severity=critical
02:00:30 (one page for both)
02:01 ben acknowledges
02:05 prometheus: resolved ledger "Locks" instance=a severity=critical
02:05 prometheus: resolved ledger "Locks" instance=b severity=critical
02:10 prometheus: ledger "Locks" instance=c severity=critical
02:10:10 prometheus: resolved ledger "Locks" instance=c severity=critical
02:20 (nobody was paged for the third)
