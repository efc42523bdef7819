story: what was learned is told in its week, and remembered in that week a year later, to those whose services it was
date: 2026-11-03
zone: Europe/Berlin
company: default
digests: weekly
documents:
<<<
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees that it is written], single: true }
>>>

10:00 ana declares "Payments fail" SEV3 services=api
10:01 ben takes command
10:30 ben resolves the incident: payments work
11:01 ben writes all of the postmortem: a pool ran full
11:02 ben names the factor: The pool has no limit
11:03 ben names the factor: Nothing tried the release with two pools
11:04 ben submits the postmortem
11:05 dai publishes the postmortem
2026-11-09 09:00 ana reads the digest
2026-11-16 09:00 (no word of it the week after)
2027-11-08 09:00 ana reads the digest
2027-11-08 09:01 dai reads the digest
2027-11-15 09:00 (no word of it the week after)
