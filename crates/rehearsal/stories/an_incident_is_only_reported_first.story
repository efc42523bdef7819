story: what is only reported calls nobody; once it is declared it does
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "Odd logins" reported: they come from nowhere
02:30 carla grades SEV1: it may be bad
02:40 dai declares it
02:45 ben acknowledges
02:50 ben resolves the incident: nothing
