story: nobody takes command from somebody else; it is handed over, and not without a word
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ben declares "Payments fail" SEV3
02:01 ben takes command
02:10 ana takes command
02:11 ana offers command to ana: I am more senior
02:12 ben offers command to ana
02:13 ben lays down command
02:20 ben resolves the incident: done
