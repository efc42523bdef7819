story: a revision of a document is a suspect like any other, and gets the revision before
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 apply
<<<
kind: service
name: batch
spec: { title: Nightly jobs, team: platform, tier: 3 }
>>>
10:05 ana declares "Nobody was paged for the jobs" SEV3 services=batch
10:06 ana asks what changed
10:07 ana rolls back the documents: the policy was dropped
10:08 ana asks what changed
