story: who takes command in the room stops the call; nobody else may take it then
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "Payments fail" SEV1
02:03 dai takes command
02:04 ben acknowledges
02:05 ben takes command
02:20 dai resolves the incident: a false alarm
