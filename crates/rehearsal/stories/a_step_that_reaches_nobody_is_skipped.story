story: a step whose schedule has a gap is skipped at once, and it says why
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Europe/Berlin
  gaps_intended: true
  layers:
  - { name: office, people: [ana, ben], starts: '2026-01-05T09:00', rotate: { days: 1 }, only: [{ from: '09:00', to: '17:00' }] }
>>>

02:00 prometheus: api "5xx high" severity=critical
02:01 (the second step has it)
02:20 ben acknowledges
02:30 (quiet)
