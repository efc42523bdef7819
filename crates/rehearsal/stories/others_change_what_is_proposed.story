story: what others changed meanwhile is merged field by field; where both changed the same, it waits until somebody says what shall be
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
09:02 apply
<<<
kind: flag
name: new-cart
spec:
  title: The cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'off' } }
>>>
09:03 dai applies "New cart"
09:10 dai proposes documents "Cart off": it is slow
<<<
kind: flag
name: new-cart
spec:
  title: Our cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'off' } }
>>>
09:11 ana approves "Cart off"
09:12 apply
<<<
kind: flag
name: new-cart
spec:
  title: Their cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:13 dai applies "Cart off"
09:14 dai brings "Cart off" up to date
09:15 dai edits documents "Cart off": we agreed
<<<
kind: flag
name: new-cart
spec:
  title: The one cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'off' } }
>>>
09:16 ana approves "Cart off"
09:17 apply
<<<
kind: flag
name: new-cart
spec:
  title: Their cart
  purpose: operational
  owner: platform
  services: [batch]
  description: what people put into it
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:18 dai brings "Cart off" up to date
09:19 ana approves "Cart off"
09:20 dai applies "Cart off"
