story: when nobody can tell what became of a call, it is said so, and a person says what they found
date: 2026-11-03
zone: Europe/Berlin
company: default

10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 services=batch
10:11 the deployer loses the call
10:12 dai rolls back "batch 7": it is the nearest
10:15 carla rolls back "batch 7": why does it take so long
10:23 (its time is over)
10:25 dai has failed by hand "batch 7": the old version never came
10:26 the deployer works
10:27 dai rolls back "batch 7": once more
10:28 (done)
