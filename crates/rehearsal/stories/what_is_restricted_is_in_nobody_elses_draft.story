story: the draft of a restricted incident is there for those who are named; to others it does not exist
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "A token was used from elsewhere" SEV2 security
02:01 ana takes command
02:02 ben reads the draft
02:03 ana names ben
02:04 ben reads the draft
