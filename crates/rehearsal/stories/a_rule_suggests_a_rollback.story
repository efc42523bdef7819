story: a service that lets rules suggest: the room is told once, a person decides, and the record says that they agreed; one step further is refused
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
10:01 ana ramps batch to suggest: we want to know how good it is
10:05 the pipeline ci says "batch 7" of batch finished
10:10 prometheus: batch "Jobs fail" severity=critical
10:11 dai acknowledges "Jobs fail"
10:12 dai declares "Jobs fail" SEV3 services=batch from alert
10:14 dai rolls back "batch 7": the rule is right
10:16 prometheus: resolved batch "Jobs fail" severity=critical
10:40 ana ramps batch to countdown: it was right
10:41 ana ramps batch to automatic: it was right
