story: nobody answers the call for a commander; somebody calls again by hand
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "The warehouse stands still" SEV2 operational
02:30 (nobody answers, and the policy is gone through)
03:20 carla calls a commander
03:21 carla calls a commander
03:22 ben acknowledges
03:30 ben cancels the incident: it was a drill of theirs
