story: whoever is asked to own a postmortem and says nothing for a business day is passed over; over the weekend nobody is
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

2026-11-06 10:00 ana declares "Payments fail" SEV1 services=api
2026-11-06 10:01 ben takes command
2026-11-06 10:30 ben resolves the incident: payments work
2026-11-07 12:00 (Saturday)
2026-11-10 09:00 (nobody answered on Monday)
2026-11-10 09:30 ben accepts the postmortem
2026-11-14 09:00 (it is not begun, and late)
