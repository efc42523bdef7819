story: an alert that no route matches is kept and says so; it pages nobody
date: 2026-11-03
zone: Europe/Berlin
company: default

01:58 delete route/everything
02:00 prometheus: api "5xx high" severity=critical
02:10 prometheus: resolved api "5xx high" severity=critical
02:20 (quiet)
