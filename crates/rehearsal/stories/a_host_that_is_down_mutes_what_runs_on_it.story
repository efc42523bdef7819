story: an alert that is inhibited pages when what inhibits it ends
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: db "Host down" instance=db-1 severity=critical
02:01 prometheus: api "5xx high" instance=db-1 severity=critical
02:02 prometheus: api "5xx high" instance=db-2 severity=critical
02:03 carla acknowledges page 1
02:04 ben acknowledges page 2
02:10 prometheus: resolved db "Host down" instance=db-1 severity=critical
02:20 prometheus: ledger "Slow" instance=db-7 severity=critical
02:21 prometheus: db "Host down" instance=db-7 severity=critical
02:22 (an alert that calls already is not muted by what comes after it)
02:30 (quiet)
