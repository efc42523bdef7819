story: the ramp is moved down while a rule counts down: it lapses at once, and the room reads who did so and why
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: rollback-adapter
name: deployer
spec:
  title: The deployer
  system: { webhook: { url: 'https://deploy.example.org/hook' } }
  deploys: { services: [api, batch, db, ledger], estimate: 5m, last_rehearsed: 2026-10-20T00:00:00Z }
>>>

10:00 prometheus repeats every 1m
10:01 batch was ramped to countdown
10:05 the pipeline ci says "batch 7" of batch finished
10:10 prometheus: batch "Jobs fail" severity=critical
10:11 dai acknowledges "Jobs fail"
10:12 dai declares "Jobs fail" SEV3 services=batch from alert
10:13 ana ramps batch to suggest: it was wrong twice this week
10:20 (nothing is taken back)
10:21 carla stops the rule at "batch 7": no
