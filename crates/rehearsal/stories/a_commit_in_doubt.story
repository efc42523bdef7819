story: when the answer of the store is lost, the source tells again, and nobody is paged twice by that
date: 2026-11-03
zone: Europe/Berlin
company: default

01:59 the store loses its next answer
02:00 prometheus: api "5xx high" severity=critical
02:00:15 prometheus: api "5xx high" severity=critical
02:00:30 (the lease of what was never sent is over)
02:01 ben acknowledges
02:02 the store fails once
02:03 prometheus: ledger "Locks" severity=critical
02:03:15 prometheus: ledger "Locks" severity=critical
02:05 (quiet)
