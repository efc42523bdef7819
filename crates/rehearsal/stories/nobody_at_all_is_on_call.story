story: where no step reaches anybody the page ends unanswered, for all to see; it can still be acknowledged
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps:
  - { notify: [{ schedule: nights }] }
  - { notify: [{ person: eve }] }
---
kind: schedule
name: nights
spec:
  title: Nights
  time_zone: Europe/Berlin
  layers:
  - { name: past, people: [ana], starts: '2025-01-05T09:00', ends: '2025-02-05T09:00', rotate: { days: 1 } }
>>>

02:00 prometheus: api "5xx high" severity=critical
02:01 ana escalates
02:02 ana acknowledges
02:10 prometheus: resolved api "5xx high" severity=critical
02:20 (quiet)
