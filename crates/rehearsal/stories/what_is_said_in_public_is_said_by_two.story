story: the public word waits for a second person where the severity asks for one; where not it is said at once
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV1
02:01 ana takes command
02:05 ben tells everybody investigating 20m: some payments fail
02:06 ben approves
02:07 dai approves
02:08 ana approves
02:09 ana grades SEV2: fewer
02:20 ben tells everybody identified 30m: we know why
02:30 ben tells everybody resolved: it is over
02:31 ana resolves the incident: it is over
