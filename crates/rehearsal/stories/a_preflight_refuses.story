story: a program that would not take the call says so when it is asked, before anything is called
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 the deployer denies: the token has no right to deploy
10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 services=batch
10:11 dai rolls back "batch 7": it is the nearest
11:04 the deployer works
11:06 dai rolls back "batch 7": the token has been renewed
11:08 (asked once more, and done)
