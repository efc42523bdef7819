story: it said that it could, and does not take the call: nothing was done, and it may be asked again
date: 2026-11-03
zone: Europe/Berlin
company: default

10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 services=batch
10:11 the deployer refuses: 422 no such version
10:12 dai rolls back "batch 7": it is the nearest
10:13 the deployer works
10:14 dai rolls back "batch 7": the version is there again
10:15 (done)
