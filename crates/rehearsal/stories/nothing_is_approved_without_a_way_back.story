story: without a plan of rollback nothing is approved; a plan without a way back takes two people
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 ana proposes "Batch 2" of batch no-plan: a new scheduler
10:01 dai approves "Batch 2"
10:02 ana edits "Batch 2" of batch irreversible: a new scheduler
10:03 dai approves "Batch 2"
10:04 dai approves "Batch 2"
10:05 ana begins "Batch 2"
10:06 carla approves "Batch 2"
10:07 ana begins "Batch 2"
10:20 ana finishes "Batch 2"
10:30 carla declares "Jobs are late" SEV3 services=batch
10:31 carla rolls back "Batch 2": it is late since
