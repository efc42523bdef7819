story: a SEV3 and a drill freeze nothing; a restricted incident neither, for the reason would tell of it
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 ben declares "A part is slow" SEV3 services=api
10:01 carla asks the gate about api
10:02 ben grades SEV2: a quarter of the users
10:03 carla asks the gate about api
10:04 ben cancels the incident: it was the probe
10:05 ben declares "A rack burns" SEV1 drill services=api
10:06 carla asks the gate about api
10:07 ben cancels the incident: practised
10:08 ana declares "Keys are abroad" SEV1 security services=api
10:09 carla asks the gate about api
10:10 ana asks the gate about api
