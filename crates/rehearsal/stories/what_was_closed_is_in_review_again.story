story: an incident that was closed is in review again when a postmortem of it is asked for, and closed when that is waived
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

10:00 dai declares "Payments are slow" SEV3 services=api
10:01 ben takes command
10:30 ben resolves the incident: payments work
10:35 ben closes the incident: nothing is left
10:40 carla wants a postmortem: customers ask what happened
10:45 ben closes the incident: nothing is left
10:50 ana waives the postmortem: customers were told in a letter, and nothing else is new
10:55 ben closes the incident: nothing is left
