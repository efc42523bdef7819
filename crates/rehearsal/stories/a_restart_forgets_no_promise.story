story: a restart forgets neither who is to be called nor what was promised
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "Payments fail" SEV1
02:01 node a dies
02:10 node a restarts
02:11 ben acknowledges
02:12 ben gives "look at the cache" to dai 10m
02:15 ben tells inside 20m: we look
02:16 node a restarts
02:40 node a restarts
02:45 ben resolves the incident: back
