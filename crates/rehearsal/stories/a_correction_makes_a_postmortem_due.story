story: a minor incident asks for nothing, until somebody finds that it was worse; the worst that it was counts from then on
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

10:00 dai declares "Payments fail" SEV3 services=api
10:01 ben takes command
10:30 ben resolves the incident: payments work
12:00 ben grades SEV1: all customers felt it
12:10 ben grades SEV3: that was another one
12:11 ben closes the incident: done
12:12 ana waives the postmortem: the worse grade belonged to another incident, which has its own
12:13 ben closes the incident: done
