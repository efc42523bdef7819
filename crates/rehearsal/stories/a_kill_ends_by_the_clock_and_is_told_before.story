story: whoever killed a flag is reminded a day and an hour before it ends; then programs get what the document says
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

10:00 ben kills new-cart in live for 30h: orders twice
10:01 ana sets new-cart in live to off: until it is mended
10:30 ana sets new-cart in live to on: it is mended
2026-11-04 15:59 programs ask for new-cart in live
16:00 programs ask for new-cart in live
16:05 ben lifts the kill of new-cart in live: it is mended
