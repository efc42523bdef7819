story: in a drill the suspects are named, and nothing real is taken back
date: 2026-11-03
zone: Europe/Berlin
company: default

10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 drill services=batch
10:11 dai rolls back "batch 7": as if
