story: two nodes, two people, one command
date: 2026-11-03
zone: Europe/Berlin
company: default
nodes: a, b

02:00 @a carla declares "Payments fail" SEV3
02:05 @a ana takes command
02:05 @b ben takes command
02:06 @b ben looks
02:20 @a ana resolves the incident: done
