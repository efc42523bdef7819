story: the next update is reminded of before it is due; one that comes in time is kept
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV2
02:01 ana takes command
02:15 ana tells inside 30m: a fifth of the payments fail
02:38 (the reminder)
02:40 ana tells inside 1h: it is the database
03:10 ana mitigates
03:11 ana resolves the incident: it is back
06:00 (nothing is owed any more)
