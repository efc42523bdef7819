story: a step may call a machine; a webhook alone does not count as somebody told, unless it stands alone
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
  - { notify: [{ webhook: 'https://hooks.example.org/secret/1' }], wait: 1m }
  - { notify: [{ schedule: payments-primary }, { webhook: 'https://hooks.example.org/secret/2' }], wait: 5m }
  repeat: 0
>>>

02:00 prometheus: api "5xx high" severity=critical
02:01 (the second step)
02:02 ben acknowledges
02:03 prometheus: resolved api "5xx high" severity=critical
02:10 webhook fails for ever: 410 gone
02:11 prometheus: api "5xx high" severity=critical
02:12 (a webhook that is gone does not hold the page up)
02:13 prometheus: resolved api "5xx high" severity=critical
02:20 (quiet)
