story: a call whose answer never comes is asked about by its key, and not made again
date: 2026-11-03
zone: Europe/Berlin
company: default

10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 services=batch
10:11 the deployer times out
10:12 dai rolls back "batch 7": it is the nearest
10:13 (it was done, and it says so)
