story: what is cancelled calls nobody any more, and whoever was called is told
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "Payments fail" SEV1
02:04 carla cancels the incident: the graph was of last week
02:30 (quiet)
