story: an administrator is asked, for nobody manages what broke; she accepts, it is written by others, reviewed by somebody who did not, and published; only then is the incident closed
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

10:00 ana declares "Payments fail" SEV2 services=api
10:01 ben takes command
10:30 ben resolves the incident: payments work
10:31 ben closes the incident: done
10:32 ana accepts the postmortem
11:00 ben writes all of the postmortem: a pool without a limit ran full
11:05 ben submits the postmortem
11:06 ben names the factor: Ben did not see the graph
11:07 ben names the factor: The pool has no limit
11:08 ben submits the postmortem
11:10 ben publishes the postmortem
11:11 ana publishes the postmortem
11:20 dai sends back the postmortem: how many payments?
11:30 ben writes impact: 40 payments, by the log
11:31 ben submits the postmortem
11:40 dai publishes the postmortem
11:41 ben writes impact: 41 payments
11:42 ben corrects the postmortem: It was 41 payments.
11:50 ben closes the incident: all is tracked
