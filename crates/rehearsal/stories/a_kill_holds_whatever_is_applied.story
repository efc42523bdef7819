story: what is killed stays killed while documents are applied, by people and from files
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

10:00 programs ask for new-cart in live
10:01 ben kills new-cart in live for 4h: orders twice
10:01 programs ask for new-cart in live
10:02 ana sets new-cart in live to half: half of them, as planned
10:02 programs ask for new-cart in live
10:03 apply
<<<
kind: flag
name: new-cart
spec:
  title: New cart, for all
  services: [api]
  purpose: operational
  variants: { on: true, off: false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
10:03 programs ask for new-cart in live
10:04 ana sets new-cart in live to disabled: away with it
10:04 programs ask for new-cart in live
10:05 ben kills new-cart in live for 1h to=on: only for a test
10:05 programs ask for new-cart in live
11:30 programs ask for new-cart in live
