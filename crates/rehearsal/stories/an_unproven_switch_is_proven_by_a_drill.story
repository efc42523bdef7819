story: nobody knows whether a switch helps before it was thrown once, in a drill or in earnest
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: environment
name: live
spec: { title: Live }
---
kind: flag
name: new-cart
spec:
  title: New cart
  services: [api]
  purpose: operational
  variants: { on: true, off: false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>

10:00 ana asks which switches there are for ledger
10:01 ana declares "What if the ledger is slow" SEV3 drill services=ledger
10:02 ana kills new-cart in live for 10m incident: does the switch work
10:02 programs ask for new-cart in live
10:03 ana asks which switches there are for ledger
10:05 ana lifts the kill of new-cart in live: it does
10:06 ana asks which switches there are for ledger
