story: a node dies between taking a call upon itself and making it: no other node makes it blindly
date: 2026-11-03
zone: Europe/Berlin
company: default
nodes: a, b

10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 services=batch
10:11 node a dies before sending
10:11 @a dai rolls back "batch 7": it is the nearest
10:23 (nobody knows)
10:24 node a restarts
10:30 dai has failed by hand "batch 7": nothing was called
