story: documents are proposed, approved by somebody who may write them, applied in one press, and taken back as one change
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

09:00 dai proposes documents "New cart for all": it is ready
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
09:01 dai applies "New cart for all"
09:02 carla approves "New cart for all"
09:03 ana approves "New cart for all"
09:04 dai applies "New cart for all"
09:05 dai applies "New cart for all"
09:10 carla declares "The nightly jobs stand still" SEV3 services=batch
09:11 carla asks what changed
09:12 ana rolls back "New cart for all": the jobs stand still
