story: what is restricted is not named where everybody may look
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "A leak" SEV3 security
02:01 carla declares "Slow queries" SEV3
02:02 carla merges it into 2 of incident 1: the same
02:03 carla restricts the incident of incident 2
02:04 carla merges it into 2 of incident 1: the same
02:05 ben looks
02:10 carla resolves the incident of incident 2: a query
