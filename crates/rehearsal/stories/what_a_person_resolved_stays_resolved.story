story: what a person resolved stays resolved while its source tells of the same firing; a new firing opens it again
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben resolves "5xx high"
02:02 prometheus: api "5xx high" severity=critical
02:03 node a restarts
02:04 prometheus: api "5xx high" severity=critical
02:05 prometheus: resolved api "5xx high" severity=critical
02:06 prometheus: api "5xx high" severity=critical
02:10 (a new firing pages)
