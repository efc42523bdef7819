story: the commander says nothing; whoever leads the communication owes the word once there is somebody
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV1
02:01 ana takes command
02:20 (the commander is silent)
02:45 ben takes communications-lead
02:46 ben tells inside 20m: we know nothing yet / the commander is on the phone
03:06 (silence again)
03:10 ana resolves the incident: it went away
