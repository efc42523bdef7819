story: an incident becomes restricted, and is opened again by whoever leads it, with a reason
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "Strange queries" SEV3
02:01 ben looks
02:02 carla takes command
02:03 carla restricts the incident
02:04 ben looks
02:05 ben notes: where is it?
02:06 carla names ana
02:07 ana looks
02:08 ana reveals the incident: it is boring
02:09 carla reveals the incident: no insider, it was the new report
02:10 ben looks
02:20 carla resolves the incident: boring
