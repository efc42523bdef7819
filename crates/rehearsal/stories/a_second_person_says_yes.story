story: where the business would stop a second person confirms; the commander of a SEV1 goes ahead alone, and that is kept
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 the pipeline ci says "api 4" of api finished
10:02 the pipeline ci says "ledger 9" of ledger finished
10:05 ben declares "Payments fail" SEV2 services=api
10:06 ben rolls back "api 4": it began with it
10:07 ben confirms "api 4"
10:08 ana stops "api 4"
10:09 ana confirms "api 4"
10:10 ben rolls back "api 4": I am sure
10:11 ana confirms "api 4"
10:12 ben takes command
10:13 ben grades SEV1: nobody can pay
10:14 ben rolls back "ledger 9": no time
