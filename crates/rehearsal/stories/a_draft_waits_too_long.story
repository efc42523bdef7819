story: a draft that promises what is over is not approved: it is withdrawn and written anew
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV1
02:01 ana takes command
02:05 ben tells everybody investigating 15m: some payments fail
02:21 ana approves
02:22 dai withdraws
02:23 ben withdraws
02:24 ana tells everybody investigating 20m: some payments fail
02:25 dai approves
02:26 ana resolves the incident: quick
