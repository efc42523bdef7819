story: an alert whose service nobody owns pages nobody, and says so
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: printer "Out of paper" severity=critical
02:01 prometheus: - "Something" severity=critical
02:10 (quiet)
