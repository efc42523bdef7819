story: an incident that is reopened after its postmortem was published asks for a new version; the old one stays
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees that it is written], single: true }
---
kind: postmortem-policy
name: default
spec:
  title: Postmortems
  calendar: { time_zone: Europe/Berlin }
  accept_within: { business-days: 1 }
  dates:
  - { severities: [SEV1], draft: { business-days: 2 }, publish: { business-days: 5 } }
  - { draft: { business-days: 4 }, publish: { business-days: 10 } }
  rules:
  - { name: severe, because: it was bad, when: { severities: [SEV1, SEV2] }, effect: required, form: light }
  - { name: data-lost, because: data was lost, when: { data_lost: true }, effect: required, form: light, waivable: false }
  - { name: near-miss, because: luck, when: { near_miss: true }, effect: recommended, form: light }
  - { name: requested, because: somebody asked, when: { requested: true }, effect: required, form: light }
>>>

10:00 dai declares "Payments fail" SEV2 services=api
10:01 ben takes command
10:30 ben resolves the incident: payments work
10:40 ben writes all of the postmortem: a pool ran full
10:41 ben names the factor: The pool has no limit
10:42 ben submits the postmortem
10:50 dai publishes the postmortem
11:00 dai reopens the incident: it is back
11:30 ben resolves the incident: now it works
11:31 ben writes summary: twice a pool ran full
11:32 ben submits the postmortem
11:40 dai publishes the postmortem
