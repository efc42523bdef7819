story: the review is led by somebody who was not involved, with those whom the record names; it is cancelled and planned anew, and held when it has begun
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees that it is written], single: true }
>>>

10:00 ana declares "Payments fail" SEV2 services=api
10:01 ben takes command
10:30 ben resolves the incident: payments work
11:00 ana writes summary: a pool ran full
11:10 ana plans the review led by ben: Room 4
11:11 ana plans the review led by dai: Room 4
11:12 ana plans the review led by dai: Room 5
11:20 dai cancels the review: half of us are away
11:21 dai decides in the review: nothing
11:30 dai plans the review led by dai: Room 5
11:31 dai holds the review with ana ben
2026-11-04 11:40 dai decides in the review: the pool gets a limit
2026-11-04 11:41 dai holds the review with ana ben dai
2026-11-04 11:42 dai cancels the review: too late
