story: two nodes look at the same incident and end the same countdown, one commit in doubt: one run, one call
date: 2026-11-03
nodes: a, b 2s ahead
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

10:01 batch was ramped to countdown
10:05 the pipeline ci says "batch 7" of batch finished
10:10 prometheus: batch "Jobs fail" severity=critical
10:11 dai acknowledges "Jobs fail"
10:12 @a dai declares "Jobs fail" SEV3 services=batch from alert
10:12 @b carla grades SEV2: it spreads
10:13:50 the store loses its next answer
10:30 (done, once)
