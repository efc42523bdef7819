story: of a restricted incident the digest tells those who are named for it, and nobody else; not even whoever was named when it was queued, and of a drill nobody
date: 2026-11-03
zone: Europe/Berlin
company: default
digests: weekly
nodes: a, b

09:00 ana declares "A key leaked" SEV3 security restricted services=api
09:01 ana takes command
09:30 ana resolves the incident: the key is void
10:00 ana proposes item "Rotate the keys by themselves" for ana due=2d: each lives for a day
10:01 ana names ben
11:00 ana declares "A rack burns" SEV3 drill services=api
11:10 ana resolves the incident: out
11:11 ana proposes item "Buy a second rack" for ana due=2d: it stands elsewhere
2026-11-09 07:59 carla reads the digest
07:59:10 ben reads the digest
07:59:20 node a dies before sending
08:00:10 @b ana takes off ben of incident 1
09:30 ben reads the digest
09:31 ana reads the digest
