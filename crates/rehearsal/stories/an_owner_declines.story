story: whoever declines to own a postmortem says why, and the next is asked at once
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
10:31 ana declines the postmortem: I am away from tomorrow on
10:32 ben accepts the postmortem
