story: in the night in which an hour comes twice, whoever is on call until three has it twice
date: 2026-10-25
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
  - { name: nights, people: [ana, ben], starts: '2026-10-18T03:00', rotate: { days: 1 } }
>>>

02:50+02:00 prometheus: api "5xx high" severity=critical
02:05+01:00 (the hour again; still the same night)
02:10+01:00 prometheus: resolved api "5xx high" severity=critical
02:55+01:00 prometheus: api "5xx high" severity=critical
03:16+01:00 (round two: the hand-off was at three)
