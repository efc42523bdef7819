story: what is scheduled begins in its window; a second change of the same service waits
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 ana proposes "Batch 2" of batch: a new scheduler
10:01 dai approves "Batch 2"
10:02 ana schedules "Batch 2" in 1h for 1m
10:03 ana schedules "Batch 2" in 1h for 30m
10:04 ana begins "Batch 2"
10:05 carla proposes "Batch 3" of batch: more memory
10:06 ben approves "Batch 3"
11:05 ana begins "Batch 2"
11:06 carla begins "Batch 3"
11:10 ana finishes "Batch 2"
11:11 carla begins "Batch 3"
11:12 carla fails "Batch 3": no memory left
