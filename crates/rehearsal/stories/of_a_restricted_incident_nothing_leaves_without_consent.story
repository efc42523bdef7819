story: an item of a restricted incident leaves the house only when somebody says that it may, and one of a drill never
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: tracker
name: shop
spec: { title: Issues of the shop, system: { github: { repository: example/shop } } }
>>>

09:00 ana declares "A key leaked" SEV2 security restricted services=api
09:01 ana takes command
09:30 ana resolves the incident: the key is void
10:00 ana proposes item "Rotate the keys by themselves" for ana: each lives for a day
10:01 ana tracks item "Rotate the keys by themselves" in shop
10:02 dai tracks item "Rotate the keys by themselves" in shop consent
10:05 the tracker tells its issues
10:06 ana tracks item "Rotate the keys by themselves" in shop consent
10:10 the tracker tells its issues
11:00 ana declares "A rack burns" SEV3 drill services=api
11:10 ana resolves the incident: out
11:11 ana proposes item "Buy a second rack" for ana: it stands elsewhere
11:12 ana tracks item "Buy a second rack" in shop consent
11:20 the tracker tells its issues
