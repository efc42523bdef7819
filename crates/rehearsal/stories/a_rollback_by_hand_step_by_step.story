story: a script has steps for people and for programs, each in its turn
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 ana proposes "Batch 2" of batch scripted: a new scheduler
10:01 dai approves "Batch 2"
10:02 ana begins "Batch 2"
10:04 ana finishes "Batch 2"
10:10 dai declares "Jobs fail" SEV3 services=batch
10:11 dai rolls back "Batch 2": jobs fail since
10:12 dai has done by hand "Batch 2": the workers are stopped
10:13 dai has done by hand "Batch 2": the workers run
10:14 dai has done by hand "Batch 2": once more
