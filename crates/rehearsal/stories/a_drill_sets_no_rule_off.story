story: in a drill nothing real is taken back, however far the service lets rules go; nor without an alert
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

10:01 batch was ramped to automatic
10:05 the pipeline ci says "batch 7" of batch finished
10:10 dai declares "Jobs fail" SEV3 drill services=batch
10:20 ana declares "Somebody says that jobs fail" SEV3 services=batch
10:40 (nothing is taken back)
