story: on Lord Howe Island the clock moves by half an hour; the day's hand-off does not
date: 2026-10-04
zone: Australia/Lord_Howe
company: default
documents:
<<<
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Australia/Lord_Howe
  layers:
  - { name: early, people: [dai, ben], starts: '2026-10-01T02:30', rotate: { days: 1 } }
>>>

01:58 prometheus: api "5xx high" severity=critical
02:33+11:00 (half an hour is missing: the first step waited five minutes)
02:50 (the second round)
