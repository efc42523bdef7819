story: a level without a time for a commander calls nobody
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "One printer" SEV3
06:00 carla mitigates
06:01 carla resolves the incident
