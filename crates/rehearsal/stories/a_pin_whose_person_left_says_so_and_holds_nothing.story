story: a pin names somebody who leaves: it says so, and holds nothing as long as somebody is called in time
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:02 ben acknowledges
02:03 ben declares "The shop is down" SEV2 services=api from alert
02:30 prometheus: resolved api "5xx high" severity=critical
02:40 ben resolves the incident: restarted
09:00 ana pins it whom=person/nobody within=5m
09:01 ana pins it whom=person/ben within=10m: Ben knows it best
09:02 ana plays the pins
10:00 ana applies documents: Ben left
<<<
kind: person
name: ben
spec: { full_name: Ben, email: ben@example.org, inactive: true }
---
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Europe/Berlin
  team: payments
  layers:
  - { name: weeks, people: [ana], starts: '2026-01-05T09:00', rotate: { weeks: 1 } }
---
kind: schedule
name: payments-secondary
spec:
  title: Payments, secondary
  time_zone: Europe/Berlin
  team: payments
  layers:
  - { name: weeks, people: [ana], starts: '2026-01-05T09:00', rotate: { weeks: 1 } }
>>>
10:01 ana plays the pins
10:02 ana edits the pin whom=person/ben: he is still the one
10:03 ana edits the pin whom=team/payments: whoever is there
10:04 ana plays the pins
