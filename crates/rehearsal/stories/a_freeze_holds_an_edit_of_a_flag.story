story: a freeze holds an edit of a flag as it holds any change; who may lets it through and says why, and it is counted; what an incident needs is free
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
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'off' } }
>>>

09:00 ana applies documents: the sale begins
<<<
kind: freeze
name: sale
spec: { title: The sale, why: most money of the year is made, from: 2026-11-03T08:00:00Z, to: 2026-11-03T12:00:00Z, services: [batch], environments: [live] }
>>>
09:10 ana applies documents: faster
<<<
kind: flag
name: new-cart
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:11 dai applies documents overriding: faster
<<<
kind: flag
name: new-cart
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:12 ana applies documents: another name
<<<
kind: team
name: platform
spec: { title: The platform, members: [carla, dai] }
>>>
09:13 ana applies documents overriding: the old cart loses orders
<<<
kind: flag
name: new-cart
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>

09:15 dai proposes documents "Cart off": it loses more
<<<
kind: flag
name: new-cart
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'off' } }
>>>
09:16 ana approves "Cart off"
09:17 dai applies "Cart off"
09:18 ana exempts "Cart off" from freeze sale: it loses more
09:19 dai applies "Cart off"
