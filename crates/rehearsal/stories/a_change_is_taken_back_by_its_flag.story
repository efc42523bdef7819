story: the plan of a change says which flag turns it off; taking it back kills that, and the alerts say that it helped
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

10:00 ben proposes "new cart" of api off=new-cart: everybody gets it
10:01 ana approves "new cart"
10:05 ben begins "new cart"
10:10 prometheus: api "Orders twice" severity=critical
10:11 ben acknowledges "Orders twice"
10:12 ben declares "Orders twice" SEV3 services=api from alert
10:13 programs ask for new-cart in live
10:14 ben rolls back "new cart": it began with it
10:15 ana confirms "new cart"
10:15 programs ask for new-cart in live
10:16 prometheus: resolved api "Orders twice" severity=critical
10:40 programs ask for new-cart in live
