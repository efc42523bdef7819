story: while a SEV1 is open nothing else is changed where it may be felt; its commander exempts, and it ends with it
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 dai proposes "Ledger 3" of ledger: faster
10:01 ben approves "Ledger 3"
10:02 dai proposes "Batch 2" of batch: a new scheduler
10:03 ben approves "Batch 2"
10:04 ben declares "Payments fail" SEV1 services=api
10:05 ben takes command
10:06 dai begins "Ledger 3"
10:07 dai begins "Batch 2"
10:08 ana exempts "Ledger 3" from incident 1: I am the boss
10:09 ben exempts "Ledger 3" from incident 1: it has what we need
10:10 dai begins "Ledger 3"
10:11 dai finishes "Ledger 3"
10:12 carla proposes "Api 9" of api: a fix
10:13 ben approves "Api 9"
10:14 carla begins "Api 9"
10:20 ben resolves the incident: it answers
10:21 carla begins "Api 9"
