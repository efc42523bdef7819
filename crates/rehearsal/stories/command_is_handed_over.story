story: the old commander goes on until the new one has accepted; the record says how things stood
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV2
02:01 ana takes command
05:58 ana tells inside 20m: errors are down to 2 % / we slept
05:59 ana gives "compare the two schemas" to ben 30m
06:00 ana offers command to ben: errors are down to 2 % / find the cause
06:01 ana grades SEV3: it is better
06:02 ben grades SEV1: no
06:05 ben accepts command
06:06 ana grades SEV1: no, it is not
06:07 ben grades SEV2: a part still fails
06:10 ben resolves the incident: the cause is found
