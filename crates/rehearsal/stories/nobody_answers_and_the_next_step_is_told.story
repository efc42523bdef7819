story: nobody answers, so the next step is told, and the acknowledgement stops it
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical summary="One in five requests fails"
02:05 (nobody answers)
02:06 ben acknowledges
02:10 prometheus: resolved api "5xx high" severity=critical
02:30 (quiet)
