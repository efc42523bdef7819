story: a kill is put off while it stands, and not after; nobody is reminded of the end that was
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

10:00 ben kills new-cart in live for 2h: orders twice
10:30 ana extends the kill of new-cart in live for 6h: the supplier needs longer
12:30 programs ask for new-cart in live
16:30 programs ask for new-cart in live
16:31 ana extends the kill of new-cart in live for 6h: still not mended
16:32 ana kills new-cart in live for 3000h: for ever
16:33 ana kills new-cart in live for 2h to=of: mistyped
16:34 ana kills new-cart in test for 2h: nowhere
