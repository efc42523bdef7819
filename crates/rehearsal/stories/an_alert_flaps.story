story: an alert that flaps pages each time that it comes back, once
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:00:30 prometheus: resolved api "5xx high" severity=critical
02:01 prometheus: api "5xx high" severity=critical
02:01:30 prometheus: resolved api "5xx high" severity=critical
02:02 prometheus: api "5xx high" severity=critical
02:02:30 ben acknowledges
02:10 (quiet)
