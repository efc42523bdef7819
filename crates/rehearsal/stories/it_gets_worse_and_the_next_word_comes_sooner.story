story: a higher severity asks for the next update sooner; a lower one takes nothing back
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV2
02:01 ana takes command
02:05 ana grades SEV1: half of them
02:06 ana grades SEV2: a third
02:20 (the reminder)
02:24 ana tells inside: a third
02:25 ana resolves the incident: back
