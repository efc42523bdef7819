story: a silence that was there first keeps it quiet; when it ends while the alert fires, it pages
date: 2026-11-03
zone: Europe/Berlin
company: default

01:50 ana silences service=api until 02:10: deploying
02:00 prometheus: api "5xx high" severity=critical
02:09 (quiet)
02:10 (now it speaks)
02:11 ben acknowledges
02:20 (quiet)
