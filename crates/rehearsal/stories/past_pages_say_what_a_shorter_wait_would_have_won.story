story: had the first step waited less, whoever answered would have been called earlier; of few pages nothing is told
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:02 whoever is paged acknowledges "5xx high"
02:20 prometheus: resolved api "5xx high" severity=critical
2026-11-04 02:00 prometheus: api "5xx high" severity=critical
02:07 whoever is paged acknowledges "5xx high"
02:20 prometheus: resolved api "5xx high" severity=critical
2026-11-05 02:00 prometheus: api "5xx high" severity=critical
02:07 whoever is paged acknowledges "5xx high"
02:20 prometheus: resolved api "5xx high" severity=critical
09:00 ana asks what if step 1 of payments waited 2m
2026-11-06 02:00 prometheus: api "5xx high" severity=critical
02:08 whoever is paged acknowledges "5xx high"
02:20 prometheus: resolved api "5xx high" severity=critical
2026-11-07 02:00 prometheus: api "5xx high" severity=critical
02:03 whoever is paged acknowledges "5xx high"
02:20 prometheus: resolved api "5xx high" severity=critical
2026-11-08 02:00 prometheus: api "5xx high" severity=critical
02:07 whoever is paged acknowledges "5xx high"
02:20 prometheus: resolved api "5xx high" severity=critical
09:00 ana asks what if step 1 of payments waited 2m
09:01 ana asks what if step 1 of payments waited 4m
09:02 ana asks what if step 3 of payments waited 1m
