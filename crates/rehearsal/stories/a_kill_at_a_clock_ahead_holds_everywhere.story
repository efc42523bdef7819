story: what is killed at a node whose clock is ahead is killed at all nodes at once
date: 2026-11-03
zone: Europe/Berlin
company: default
nodes: a, b 3m ahead
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

10:00 @b ben kills new-cart in live for 1h: orders twice
10:00 @a programs ask for new-cart in live
10:00 @b programs ask for new-cart in live
10:01 @b ana lifts the kill of new-cart in live: mended
10:01 @a programs ask for new-cart in live
10:01 @b programs ask for new-cart in live
