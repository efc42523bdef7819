story: an update that is promised at the end of summer time is due by the clock that goes on, not by the one on the wall
date: 2026-10-25
zone: Europe/Berlin
company: default

2026-10-25 02:45+02:00 ana declares "Payments fail" SEV2
2026-10-25 02:46+02:00 ana takes command
2026-10-25 02:50+02:00 ana tells inside 30m: a fifth fails
2026-10-25 02:20+01:00 (missed, before the wall says three)
2026-10-25 02:30+01:00 ana resolves the incident: back
