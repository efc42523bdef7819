story: a page goes on by the policy as it is now
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:02 apply
<<<
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps:
  - { notify: [{ schedule: payments-primary }], wait: 5m }
  - { notify: [{ person: dai }], wait: 5m }
  repeat: 0
>>>
02:05 (the second step as it is now)
02:06 delete escalation-policy/payments
02:10 (a policy that is gone reaches nobody)
02:20 (quiet)
