story: a declaration of which nobody knows whether it was written is declared again
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 the store loses its next answer
02:00:01 ana declares "Payments fail" SEV3
02:01 ana looks
02:02 ana takes command
02:10 ana resolves the incident: back
