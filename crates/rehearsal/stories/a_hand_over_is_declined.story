story: who cannot take over says why; the commander goes on and asks another
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV3
02:01 ana takes command
06:00 ana offers command to ben: it is quiet / watch it
06:01 ben declines command: I have been up since noon
06:02 ana offers command to dai: it is quiet / watch it
06:03 dai accepts command
06:04 ben accepts command
06:10 dai resolves the incident: quiet
