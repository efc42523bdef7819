story: a drill pages as if it were real, says that it is one, says nothing in public, and mutes nothing that is real
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "A rack burns" SEV1 drill services=api impact="half of all payments": we practise
02:01 prometheus: api "Host down" severity=critical drill=true instance=pay-1 summary="pay-1 is gone"
# The real one on the same host is neither muted by the drill nor grouped with it.
02:02 prometheus: api "5xx high" severity=critical instance=pay-1 summary="14 % fail"
02:03 ben acknowledges "Host down"
02:04 ben acknowledges "5xx high"
02:05 ana takes command
02:06 ana tells everybody investigating 20m: payments fail
02:07 ana tells inside 20m: this is a drill
02:08 carla declares "Payments fail" SEV2 services=api: a real one
02:09 carla merges it into 1: the same
02:20 prometheus: resolved api "Host down" severity=critical drill=true instance=pay-1
02:21 ana mitigates of incident 1
02:22 ana resolves the incident of incident 1: it was a drill
02:40 (quiet)
