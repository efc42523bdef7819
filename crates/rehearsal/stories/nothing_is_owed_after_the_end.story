story: what was promised is not owed after the end, and owed anew when it comes back
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV2
02:01 ana takes command
02:10 ana tells inside 30m: we look
02:20 ana resolves the incident: it is back
04:00 ben reopens the incident: it fails again
04:29 (the reminder, thirty minutes after it came back)
04:31 ana tells inside 30m: we look again / asleep
04:40 ana resolves the incident: it is really back
