story: a kill for an incident stands on its timeline; somebody lifts it, once
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

10:00 ben declares "Orders twice" SEV3 services=api
10:02 ben kills new-cart in live for 4h incident: orders twice
10:03 programs ask for new-cart in live
10:20 carla lifts the kill of new-cart in live: mended with api 4.3
10:20 programs ask for new-cart in live
10:21 ben lifts the kill of new-cart in live: mended
10:22 ben asks what changed
