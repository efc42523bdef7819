story: the deploy before the alert stands first; it is rolled back once, and the alerts say that it helped
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 the pipeline ci says "db 12" of db finished
10:20 the pipeline ci says "batch 7" of batch finished
10:24 prometheus: batch "Jobs fail" severity=critical
10:26 dai acknowledges "Jobs fail"
10:27 dai declares "Jobs fail" SEV3 services=batch from alert
10:28 dai asks what changed
10:29 the deployer takes 40s
10:29 dai rolls back "batch 7": it began with it
10:29 carla rolls back "batch 7": it began with it
10:33 prometheus: resolved batch "Jobs fail" severity=critical
10:45 dai suspects "batch 7": it stopped with it
10:50 dai resolves the incident: rolled back
