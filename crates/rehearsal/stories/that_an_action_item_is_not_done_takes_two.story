story: an owner cannot let an action item go alone; a second person agrees, or wants it done
date: 2026-11-03
zone: Europe/Berlin
company: default

09:00 ana declares "Payments fail" SEV3
09:30 ana resolves the incident: over
10:00 ana proposes item "Limit the queue to 1000" for ben: a test with 1001 is refused
10:01 ben waives item "Limit the queue to 1000"
10:03 ben gives item "Limit the queue to 1000" up: the queue goes away
10:04 ben waives item "Limit the queue to 1000"
10:05 carla keeps item "Limit the queue to 1000": not before spring
10:06 ben gives item "Limit the queue to 1000" up: the queue went away
10:07 carla waives item "Limit the queue to 1000"
10:08 ben finishes item "Limit the queue to 1000"
2027-01-04 10:00 (nobody is reminded)
