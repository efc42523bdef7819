story: a security incident is there for those who are named alone; whoever is asked to help is named
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "A token was used from elsewhere" SEV3 security
02:01 ana looks
02:02 carla looks
02:03 ana notes: I cannot see it
02:04 carla offers scribe to ben
02:05 ben looks
02:06 ben notes: two addresses in the log
02:07 carla gives "rotate the keys" to dai 10m
02:08 dai looks
02:09 carla takes command
02:10 carla takes off ben
02:11 carla takes off dai
02:11:30 carla drops "rotate the keys": they are dead already
02:11:40 carla takes off dai
02:12 dai looks
02:20 carla resolves the incident: the key is dead
