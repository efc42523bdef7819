story: two people at two nodes press the button: one run, one call
date: 2026-11-03
zone: Europe/Berlin
company: default
nodes: a, b 2s ahead

10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 services=batch
10:11 the deployer takes 2m
10:12 @a dai rolls back "batch 7": it is the nearest
10:12 @b carla rolls back "batch 7": it is the nearest
10:12 the store loses its next answer
10:12 @b ben rolls back "batch 7": it is the nearest
10:15 (done, once)
