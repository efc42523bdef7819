story: in the night in which an hour is missing, the hand-off at three is at three, and a wait is as long as ever
date: 2026-03-29
zone: Europe/Berlin
company: default
documents:
<<<
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Europe/Berlin
  layers:
  - { name: nights, people: [ana, ben], starts: '2026-03-22T03:00', rotate: { days: 1 } }
>>>

01:57 prometheus: api "5xx high" severity=critical
03:02 (two minutes past two never was)
03:20 (round two asks whoever is on call now)
