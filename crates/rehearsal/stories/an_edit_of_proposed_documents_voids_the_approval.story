story: an edit of proposed documents voids what was approved; who wrote a part of them does not approve
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

09:00 dai proposes documents "New cart": it is ready
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
09:01 ana approves "New cart"
09:02 carla edits documents "New cart": it has another name
<<<
kind: flag
name: new-cart
spec:
  title: The cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:03 dai applies "New cart"
09:04 carla approves "New cart"
09:05 ana approves "New cart" revision 1
09:06 ana approves "New cart" revision 2
09:07 carla applies "New cart"
