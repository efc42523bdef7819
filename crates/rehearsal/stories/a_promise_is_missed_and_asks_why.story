story: a promise that was missed pages whoever owes it, and the next update says why
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV1
02:01 ana takes command
02:30 ana tells inside 30m: a fifth of the payments fail
02:31 ana tells inside 30m: a fifth of the payments fail / everybody was on the database
02:50 ana resolves the incident: it is back
