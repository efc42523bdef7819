story: an incident is pinned; documents by which its signals would reach somebody else are held until somebody who may says why
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:02 ben acknowledges
02:03 ben declares "The shop is down" SEV2 services=api from alert
02:30 prometheus: resolved api "5xx high" severity=critical
02:40 ben resolves the incident: restarted
09:00 ben pins it: nobody would have noticed before the morning
09:01 ben pins it
09:02 ben plays the pins
10:00 ana applies documents: Carla first
<<<
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps:
  - { notify: [{ person: carla }], wait: 20m }
  - { notify: [{ schedule: payments-primary }], wait: 10m }
>>>
10:05 ana applies documents: another title
<<<
kind: team
name: payments
spec: { title: Payments and orders, members: [ana, ben] }
>>>
10:10 ana applies documents overriding: Ben is at sea until Monday
<<<
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps:
  - { notify: [{ person: carla }], wait: 20m }
  - { notify: [{ schedule: payments-primary }], wait: 10m }
>>>
10:15 ana plays the pins
10:20 ana applies documents: what fails already holds nothing more
<<<
kind: team
name: payments
spec: { title: Payments, members: [ana, ben] }
>>>
10:30 ana edits the pin within=30m: twenty minutes are fine for the shop
10:31 ana plays the pins
10:40 ana retires the pin: the shop is gone
10:41 ana retires the pin: again
