story: two incidents turn out to be one: one is merged, and goes on in the other
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV2
02:01 ana takes command
02:05 ben declares "Checkout is slow" SEV3
02:06 ben gives "look at the cache" to dai 10m
02:20 ben merges it into 1 of incident 2: the same database
02:21 dai looks
02:25 ben merges it into 1 of incident 2: again
02:26 ben merges it into 2 of incident 1: the other way round
02:40 ana resolves the incident of incident 1: the database is back
