story: customers read what was learned: derived from what was published inside, without what must stay there, published by somebody who did not prepare it, and corrected in public
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees that it is written], single: true }
---
kind: status-page
name: main
spec: { title: Shop, groups: [{ components: [{ name: pay, title: Payments }] }] }
>>>

10:00 ana declares "Payments fail" SEV1 services=api
10:01 ben takes command
10:30 ben resolves the incident: payments work
11:00 ben prepares the customer postmortem: Payments failed
11:01 ben writes all of the postmortem: a pool on db-2 ran full, see OPS-12
11:02 ben names the factor: The pool has no limit
11:03 ben names the factor: Nothing tried the release with two pools
11:04 ben submits the postmortem
11:05 dai publishes the postmortem
11:10 ben prepares the customer postmortem: Payments failed
11:11 dai publishes the customer postmortem
11:12 ben prepares the customer postmortem without "db-3": Payments failed
11:13 ben prepares the customer postmortem without "db-2": Payments failed
11:14 ben lets what was found stay: customers have this number
11:15 ben publishes the customer postmortem
11:16 dai publishes the customer postmortem
11:20 dai publishes the customer postmortem
11:21 ben corrects the customer postmortem: It was two pools, as a second look at the graphs shows.
11:22 dai publishes the customer postmortem
