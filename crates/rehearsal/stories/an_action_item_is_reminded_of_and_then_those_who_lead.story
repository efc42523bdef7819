story: an owner is reminded before, at and after; from the second week on so are those who lead; a done item is quiet
date: 2026-11-03
zone: Europe/Berlin
company: default

09:00 ana declares "Payments fail" SEV2 services=api
09:30 ana resolves the incident: the queue is empty again
10:00 ana proposes item "Limit the queue to 1000" for ben: a test with 1001 is refused
10:05 ben accepts item "Limit the queue to 1000"
2026-11-30 10:01 (three days before)
2026-12-03 10:01 (on the day)
2026-12-10 10:01 (a week late: ana leads the team)
2026-12-17 10:01 (two weeks late)
2026-12-18 09:00 ben finishes item "Limit the queue to 1000": merged
2026-12-24 10:01 (quiet)
