story: what was approved is a revision; an edit makes it void, and the author never approves
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 ana proposes "Batch 2" of batch: a new scheduler
10:01 ana approves "Batch 2"
10:02 dai approves "Batch 2"
10:03 ana edits "Batch 2" of batch: a new scheduler, and a new queue
10:04 ana begins "Batch 2"
10:05 carla approves "Batch 2" revision 1
10:06 carla approves "Batch 2"
10:07 ana begins "Batch 2"
10:12 ana finishes "Batch 2"
10:13 ana edits "Batch 2" of batch: too late
