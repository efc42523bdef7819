story: what is written down afterwards calls nobody, and owes nothing
date: 2026-11-03
zone: Europe/Berlin
company: default

09:00 carla declares "Last week's outage" SEV1 afterwards: for the record
09:01 carla claims impact-started 2026-10-27 02:05: by the chart
09:02 carla claims mitigated 2026-10-27 03:00
12:00 (quiet)
