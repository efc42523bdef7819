story: a task is one person's, who takes it and says what came of it; a late one is asked about once
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV3
02:01 ana takes command
02:02 ana gives "look at the cache" to dai 10m
02:03 ben does "look at the cache"
02:04 dai does "look at the cache"
02:12 (its time is over)
02:30 dai extends "look at the cache" 20m
02:50 (over again)
02:55 dai reports "look at the cache": the cache is cold
03:00 dai drops "look at the cache": too late
03:10 ana resolves the incident: the cache is warm
