story: a freeze holds every change of what it is about; an administrator exempts, and what was exempted is kept
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: freeze
name: sale
spec:
  title: The sale
  why: most money of the year is made
  from: 2026-11-03T08:00:00Z
  to: 2026-11-03T12:00:00Z
  services: [api]
  hard: true
>>>

09:10 dai proposes "Ledger 3" of ledger: faster
09:11 ben approves "Ledger 3"
09:12 dai begins "Ledger 3"
09:13 dai asks the gate about ledger
09:14 dai asks the gate about batch
09:15 ben exempts "Ledger 3" from freeze sale: it cannot wait
09:16 ana exempts "Ledger 3" from freeze sale: interest is computed today
09:17 dai asks the gate about "Ledger 3"
09:18 dai begins "Ledger 3"
09:30 dai finishes "Ledger 3"
13:01 dai asks the gate about ledger
